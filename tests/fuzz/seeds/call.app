{"mt":"AllocChannel","src":"1","channel":"a","iceServers":[{"urls":"turn:myturn.domaincom:4077?transport=udp","username":"turnuser","credential":"pwd","credentialType":"password"},{"urls":["stun:[::1]"]}],"dn":"Foo Bar","type":"RemoteRtp","kind":"audio"}
{"mt":"SetRemoteAnswer","channel":"a","description":{"address":"192.0.2.9","port":40000,"rtcpMux":true,"profile":"RTP/AVP","packetTime":20,"codecs":[{"name":"PCMA","payloadType":8,"clockRate":8000}],"crypto":[{"tag":1,"suite":"AES_CM_128_HMAC_SHA1_80","key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"}],"ice":{"usernameFragment":"frag","password":"pppppppppppppppppppppp","candidates":[{"foundation":"1","component":"rtp","priority":5,"address":"192.0.2.9","port":4000,"type":"host"}]}}}
{"mt":"Connect","channel":"a"}
{"mt":"Mute","channel":"a","muted":true}
{"mt":"SendDtmf","channel":"a","digits":"12#"}
{"mt":"GetStatistics","channel":"a"}
