{"mt":"AllocChannel","channel":"b"}
{"mt":"SetRemoteOffer","channel":"b","direction":"recvonly","description":{"address":"192.0.2.9","port":40000,"direction":"sendonly","codecs":[{"name":"PCMA","payloadType":8,"clockRate":8000}]}}
{"mt":"KeepAlive"}
{"mt":"CreateOffer","channel":"b","direction":"inactive"}
{"mt":"Connect","channel":"b"}
{"mt":"Disconnect","channel":"b"}
{"mt":"CloseChannel","channel":"b"}
