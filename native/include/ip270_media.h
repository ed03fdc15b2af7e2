/* What Python sees of the media engine. The cffi build reads the declarations below, so this file holds plain C only.
 *
 * Every object is named by a positive number that is never used twice in one engine; a call on a number that is gone
 * answers -ENOENT. Calls that return int answer 0 (or the number or count asked for), or a negative errno. They may come
 * from any thread but the media thread, and never wait for it. */
#ifndef IP270_MEDIA_H
#define IP270_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MEDIA_FRAME_SAMPLES = 160,          /* 10 ms at 16 kHz */
    MEDIA_TEXT_BYTES = 128,
    MEDIA_PACKET_BYTES = 1500,
    MEDIA_ADDRESS_BYTES = 64,
    MEDIA_CNAME_BYTES = 64,
    MEDIA_COMPONENTS = 2,               /* of a stream: RTP and RTCP */
    MEDIA_FRAGMENTS = 2,                /* ICE user fragments of ours: the one in use, and the next one's while it restarts */
    MEDIA_FRAGMENT_BYTES = 33,
    MEDIA_NAME_BYTES = 256,
    MEDIA_PROVED = 8,                   /* addresses that media is taken from beside the one in use */
    MEDIA_FORMATS = 8,
    MEDIA_TONE_SEGMENTS = 12,
    MEDIA_TONE_FREQUENCIES = 4,
    MEDIA_SRTP_KEY_BYTES = 46,          /* the longest master key with its salt */
    MEDIA_GAP_THRESHOLD = 16,           /* played packets in a row that end a burst: RFC 3611's own Gmin */
    MEDIA_BUFFER_LIMIT_MS = 500,        /* most that the jitter buffer may ever add */
    MEDIA_CONTINUITY_BYTES = 65536,     /* of the shared memory that engine_keep_in wants */
    MEDIA_IDENTITY_BYTES = 512,         /* of a certificate with an elliptic curve's key, or of that key */
    MEDIA_ECHO_LOSS_DB = 65,            /* how much weaker a talker hears himself without trouble: G.107's default */
};

enum media_clock { MEDIA_CLOCK_CARD, MEDIA_CLOCK_TIMER, MEDIA_CLOCK_STEPPED };

enum media_codec { MEDIA_PCMU, MEDIA_PCMA, MEDIA_G722, MEDIA_OPUS_NB, MEDIA_OPUS_WB };

/* Named as in RFC 4568, 6.2, RFC 6188, 3, and RFC 7714, 14.2. */
enum media_srtp_suite {
    MEDIA_SRTP_NONE,
    MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80,
    MEDIA_SRTP_AES_CM_128_HMAC_SHA1_32,
    MEDIA_SRTP_AES_192_CM_HMAC_SHA1_80,
    MEDIA_SRTP_AES_192_CM_HMAC_SHA1_32,
    MEDIA_SRTP_AES_256_CM_HMAC_SHA1_80,
    MEDIA_SRTP_AES_256_CM_HMAC_SHA1_32,
    MEDIA_SRTP_AEAD_AES_128_GCM,
    MEDIA_SRTP_AEAD_AES_256_GCM,
};

enum media_policy { MEDIA_POLICY_OTHER, MEDIA_POLICY_NICE, MEDIA_POLICY_RR, MEDIA_POLICY_FIFO };

enum media_event_kind {
    MEDIA_EVENT_DIGIT,                  /* a: the character, b: milliseconds */
    MEDIA_EVENT_STARTED,                /* the first RTP packet was accepted */
    MEDIA_EVENT_SOURCE,                 /* a: the new SSRC */
    MEDIA_EVENT_BYE,                    /* RTCP BYE from the far end */
    MEDIA_EVENT_FOREIGN,                /* neither RTP nor RTCP: data, text (address), a: port, b: component, local, relayed */
    MEDIA_EVENT_DEVICE_OPENED,
    MEDIA_EVENT_DEVICE_FAILED,          /* a: errno, text */
    MEDIA_EVENT_DEVICE_LOST,            /* text */
    MEDIA_EVENT_GATE,                   /* a: 1 open, 0 closed */
    MEDIA_EVENT_PLAYER_FINISHED,
    MEDIA_EVENT_RECORDING,              /* a: 1 packets of voice are being written, 0 no longer, or none come */
    MEDIA_EVENT_RECORDED,               /* nothing will be written any more; a: errno, 0 when all was, b: packets lost */
    MEDIA_EVENT_DTLS_CONNECTED,         /* a: the association's number, text (the far end's address), b: port, data: media_dtls_outcome */
    MEDIA_EVENT_DTLS_FAILED,            /* a, text and b likewise, data: why */
    MEDIA_EVENT_TURN_CLOSED,            /* a: component, b: the connection's number, text: why */
};

struct media_event {
    int32_t kind;
    int32_t object;
    int64_t a;
    int64_t b;
    uint16_t size;                      /* bytes in data */
    bool relayed;                       /* a TURN server passed it on, text and a are the peer's */
    char local[MEDIA_ADDRESS_BYTES];    /* our address it was sent to, where the stream has many; else empty */
    char text[MEDIA_TEXT_BYTES];
    uint8_t data[MEDIA_PACKET_BYTES];
};

struct media_stream_info {
    uint32_t ssrc;
    uint16_t rtp_port;
    uint16_t rtcp_port;
    int32_t sockets[2];                 /* RTP's and RTCP's descriptors, which stay the engine's; -1 for one in memory */
};

struct media_format {
    uint8_t payload_type;
    uint8_t codec;                      /* enum media_codec */
};

struct media_srtp {
    uint8_t suite;                      /* enum media_srtp_suite; MEDIA_SRTP_NONE: RTP in the clear */
    uint8_t send_key[MEDIA_SRTP_KEY_BYTES];
    uint8_t receive_key[MEDIA_SRTP_KEY_BYTES];
};

enum media_dtls_role { MEDIA_DTLS_NONE, MEDIA_DTLS_CLIENT, MEDIA_DTLS_SERVER };

/* What a handshake has agreed on, and the fingerprints of the certificate that the far end has shown. */
struct media_dtls_outcome {
    uint8_t suite;                      /* enum media_srtp_suite */
    uint8_t send_key[MEDIA_SRTP_KEY_BYTES];
    uint8_t receive_key[MEDIA_SRTP_KEY_BYTES];
    uint8_t sha256[32];
    uint8_t sha384[48];
    uint8_t sha512[64];
};

struct media_stream_config {
    char local_address[MEDIA_ADDRESS_BYTES];    /* to send from, where the stream has many; empty: the kernel's choice */
    char remote_address[MEDIA_ADDRESS_BYTES];
    uint16_t rtp_port;
    uint16_t rtcp_port;                 /* 0: RTP's port + 1, or RTP's own when muxed */
    struct media_format send;
    struct media_format receive[MEDIA_FORMATS];
    uint32_t receive_count;
    uint32_t packet_time_ms;
    uint32_t rate_max;                  /* bits of payload a second on average, from a codec that has a choice; 0: no limit */
    int32_t telephone_event_type;           /* -1: none */
    int32_t receive_telephone_event_type;   /* -1: none */
    int32_t comfort_noise_type;             /* -1: none; RFC 3389 at 8 kHz */
    int32_t receive_comfort_noise_type;     /* -1: none */
    bool discontinuous;                 /* send next to nothing in silence */
    bool sends;
    bool receives;
    bool connected;                     /* counts for the microphone gate */
    bool rtcp_mux;
    bool chosen_by_ice;                 /* the remote addresses are the far end's; else only who is proved is heard */
    char rtcp_address[MEDIA_ADDRESS_BYTES];     /* empty: RTP's */
    char cname[MEDIA_CNAME_BYTES];
    bool encrypted;                     /* nothing leaves or is taken in the clear, nor while there are no keys */
    struct media_srtp srtp;             /* a suite implies `encrypted` */
    bool rtcp_apart;                    /* RTCP has keys of its own, or none yet and is silent; else it has RTP's */
    struct media_srtp srtcp;            /* counts where it is apart */
    bool extended_reports;              /* the far end wants VoIP metrics (RFC 3611) with each report */
};

struct media_relay {                    /* a TURN server that lends a component an address */
    char server_address[MEDIA_ADDRESS_BYTES];   /* empty: none */
    uint16_t server_port;
    uint16_t channel;                   /* 0x4000 to 0x4FFF, to the peer; 0: none yet */
    bool bound;                         /* the server knows the channel: it is sent through, not only listened to */
    char peer_address[MEDIA_ADDRESS_BYTES];
    uint16_t peer_port;
};

struct media_place {
    char address[MEDIA_ADDRESS_BYTES];  /* empty: none */
    uint16_t port;
};

struct media_reach {                    /* what passes to Python, and what goes through a relay */
    char fragments[MEDIA_FRAGMENTS][MEDIA_FRAGMENT_BYTES];
    struct media_relay relays[MEDIA_COMPONENTS];
    struct media_place proved[MEDIA_PROVED];    /* where connectivity checks have found the far end */
};

/* RFC 3611, 4.7: shares of 256, scores times ten; 127: not known, in what follows the delays. */
struct media_voip_metrics {
    uint8_t loss_rate;
    uint8_t discard_rate;
    uint8_t burst_density;
    uint8_t gap_density;
    uint16_t burst_ms;
    uint16_t gap_ms;
    uint16_t round_trip_ms;
    uint16_t end_system_delay_ms;
    int8_t signal_level;                /* dBm0 */
    int8_t noise_level;
    uint8_t echo_return_loss;           /* dB, of the echo that is left */
    uint8_t gap_threshold;
    uint8_t rating;
    uint8_t external_rating;
    uint8_t mos_lq;
    uint8_t mos_cq;
    uint8_t receiver_configuration;
    uint16_t buffer_nominal_ms;
    uint16_t buffer_maximum_ms;
    uint16_t buffer_limit_ms;
};

/* What the libopus at hand can do about losses beyond RFC 6716. */
struct media_opus {
    char version[MEDIA_TEXT_BYTES];     /* in its own words */
    bool deep_plc;                      /* its decoders, as calls have them, conceal by a neural network */
    bool dred;                          /* its encoders can send deep redundancy */
};

/* Who the phone is in DTLS handshakes. */
struct media_identity {
    uint8_t certificate[MEDIA_IDENTITY_BYTES];  /* DER */
    uint8_t key[MEDIA_IDENTITY_BYTES];  /* PKCS #8, DER */
    size_t certificate_size, key_size;
};

struct media_trust;                     /* by whom a server over TLS is believed */

struct media_stream_statistics {
    uint64_t packets_sent;
    uint64_t octets_sent;               /* RTP payload, as in a sender report */
    uint64_t send_errors;
    uint64_t packets_received;
    int64_t lost;                       /* RFC 3550, A.3; duplicates make it negative */
    uint64_t late;
    uint64_t duplicate;
    uint64_t reordered;
    uint64_t discarded;
    uint64_t wrong_source;
    uint64_t malformed;
    uint64_t foreign;
    uint64_t srtp_refused;              /* not authentic, or not encrypted */
    uint64_t srtp_replayed;
    uint64_t rtcp_sent;
    uint64_t rtcp_received;
    double jitter_ms;
    double buffer_ms;
    double playout_delay_ms;
    double concealed_ms;
    double round_trip_ms;               /* negative: not known yet */
    double remote_fraction_lost;        /* 0..1 from the last report about us; negative: none yet */
    double remote_jitter_ms;            /* negative: none yet */
    double level_in_dbov;
    double level_out_dbov;
    int32_t receive_codec;              /* enum media_codec, -1 before the first packet */
    int32_t secured;                    /* 1: every packet is protected, both ways */
    uint64_t expected;                  /* packets of the source heard last whose turn has come; what FEC restored counts as played */
    uint64_t missed;                    /* of them not played: lost, or late */
    uint64_t missed_late;               /* of the missed ones, those that came after all */
    uint64_t missed_runs;               /* in how many runs */
    double burst_density;               /* 0..1, RFC 3611, 4.7.2 */
    double burst_ms;                    /* mean length */
    double gap_density;
    double gap_ms;
    uint32_t ssrc;                      /* the far end's, 0 before the first packet */
    uint32_t remote_reports;            /* VoIP metrics about us that came; 0: `remote_metrics` says nothing */
    struct media_voip_metrics remote_metrics;
};

struct media_device_config {
    char capture[MEDIA_TEXT_BYTES];     /* ALSA PCM name, empty: none */
    char playback[MEDIA_TEXT_BYTES];
    uint32_t period_ms;
    uint32_t periods;
};

struct media_device_statistics {
    uint64_t captured;                  /* samples at 16 kHz */
    uint64_t played;
    uint64_t capture_underruns;         /* frames we had to fill with silence */
    uint64_t playback_overruns;         /* frames the device had no room for */
    uint64_t xruns;                     /* as the card reported them */
    uint64_t losses;                    /* times the card went away */
    double capture_delay_ms;
    double playback_delay_ms;
    double capture_drift_ppm;
    double playback_drift_ppm;
    double capture_level_dbov;
    double playback_level_dbov;
};

enum media_echo { MEDIA_ECHO_OFF, MEDIA_ECHO_LIGHT, MEDIA_ECHO_FULL };

enum media_noise { MEDIA_NOISE_KEPT, MEDIA_NOISE_MODERATE, MEDIA_NOISE_STRONG };

/* What is done to a microphone's sound before it is sent; all zero: nothing. */
struct media_enhancement {
    int32_t echo;                       /* enum media_echo */
    int32_t noise;                      /* enum media_noise */
    bool gain;                          /* a voice too quiet or too loud is levelled */
};

struct media_tone_segment {
    uint16_t frequencies[MEDIA_TONE_FREQUENCIES];   /* Hz */
    uint8_t frequency_count;                        /* 0: a pause */
    uint8_t modulation_hz;                          /* of the amplitude, to its full depth; 0: none */
    int8_t level_dbm0;                              /* of each frequency */
    uint32_t on_ms;
    uint32_t off_ms;
};

struct media_tone {
    struct media_tone_segment segments[MEDIA_TONE_SEGMENTS];
    uint32_t count;
    bool repeat;
};

struct media_report {
    int32_t policy;                     /* enum media_policy */
    int32_t clock;                      /* enum media_clock: what paced the last tick */
    int32_t memory_locked;
    uint64_t ticks;
    uint64_t overruns;                  /* tick deadlines passed while a tick was still running, or slept through */
    uint64_t events_dropped;
    uint64_t device_xruns;
    double late_p50_us;
    double late_p99_us;
    double late_p999_us;
    double late_max_us;
    double departure_p50_us;            /* RTP handed to the kernel, after the tick's deadline */
    double departure_p99_us;
    double departure_p999_us;
    double departure_max_us;
    double busy_us_mean;                /* time spent in a tick */
    double busy_us_max;
};

struct engine;

struct engine *engine_new(int clock, int *error);
int engine_start(struct engine *engine);
void engine_free(struct engine *engine);
int engine_step(struct engine *engine, uint32_t ticks);
int engine_event_fd(const struct engine *engine);
int engine_next_event(struct engine *engine, struct media_event *event);
void engine_report(struct engine *engine, struct media_report *report);
int64_t engine_now(const struct engine *engine);

/* How often the media thread has gone round; -1 while it rests, because nothing is to be done and no command waits for it. */
int64_t engine_turns(const struct engine *engine);

int engine_remove(struct engine *engine, int object);

int engine_bus_new(struct engine *engine, bool hear_self);
int engine_join(struct engine *engine, int party, int bus, bool talk, bool listen, double gain);
int engine_leave(struct engine *engine, int party);

int engine_stream_new(struct engine *engine, const char *address, uint16_t first_port, uint16_t last_port, int dscp,
                      struct media_stream_info *info);
int engine_memory_stream_new(struct engine *engine, struct media_stream_info *info);
int engine_stream_configure(struct engine *engine, int stream, const struct media_stream_config *config);
/* Has how far each stream has come written into this shared memory, from its making on. Once, before there are any. */
int engine_keep_in(struct engine *engine, int descriptor);
/* A stream of the process before, with its sockets (taken over where 0 or more is returned) and its SSRC, from where that memory
 * says it was. Its first configuration must have the same keys: -EKEYREJECTED. -ENOENT: the memory does not know it. */
int engine_stream_resume(struct engine *engine, int rtp_socket, int rtcp_socket, uint32_t ssrc, struct media_stream_info *info);
size_t engine_srtp_key_size(uint32_t suite);
/* ITU-T G.107, from any thread; negative for a codec there is not. `loss` is a share. */
double media_rating(int codec, double loss, double burst_ratio, double delay_ms, double echo_loss_db);
double media_mos(double rating);
double media_burst_ratio(uint64_t expected, uint64_t missed, uint64_t runs);
/* What it depends on in conversation, from any thread; milliseconds and dB, a negative value is not known. */
double media_end_system_delay(double packet_ms, double playout_delay_ms);
double media_one_way_delay(double round_trip_ms, double end_system_ms, double remote_end_system_ms);
double media_talker_echo_loss(double remote_echo_return_loss_db);
/* Takes some milliseconds; any thread but the media thread. 0 or -ENOMEM. */
int media_opus_probe(struct media_opus *probe);
int engine_stream_reach(struct engine *engine, int stream, const struct media_reach *reach);
int engine_stream_consent(struct engine *engine, int stream, int32_t milliseconds);
int engine_stream_send(struct engine *engine, int stream, int component, const char *local_address, const char *remote_address,
                       uint16_t remote_port, const uint8_t *packet, size_t size);
/* From any thread, and not quick: the authorities of a file (PEM), or with an empty name the system's; `ciphers` as OpenSSL writes them,
   TLS 1.3 has its own. NULL where they cannot be read. Connections that have it outlive its end. */
struct media_trust *media_trust_new(const char *file, const char *ciphers);
void media_trust_free(struct media_trust *trust);
/* The connection's number; address empty: 0, and none any more. With `trust` TLS, by a certificate made out to `name`, which is a host's
   or a numeric address. */
int engine_stream_turn(struct engine *engine, int stream, int component, const char *address, uint16_t port,
                       const struct media_trust *trust, const char *name);
int engine_stream_turn_send(struct engine *engine, int stream, int component, const uint8_t *message, size_t size);
/* Certificate and private key (PKCS #8), both DER. Any thread but the media thread. 0 or -ENOMEM. */
int media_identity_draw(struct media_identity *identity);
int engine_set_identity(struct engine *engine, const uint8_t *certificate, size_t certificate_size, const uint8_t *key,
                        size_t key_size);       /* DER; of the handshakes that are begun from now on */
/* Of one component, which is RTCP's where that is apart. A new association's number; 0 for MEDIA_DTLS_NONE. */
int engine_stream_dtls(struct engine *engine, int stream, int component, int role);
int engine_stream_digit(struct engine *engine, int stream, char digit, uint32_t milliseconds);
int engine_stream_statistics(struct engine *engine, int stream, struct media_stream_statistics *statistics);
int engine_stream_push(struct engine *engine, int stream, const uint8_t *packet, size_t size, int64_t arrival_ns);
int engine_stream_pop(struct engine *engine, int stream, uint8_t *packet, size_t capacity);

int engine_stream_record(struct engine *engine, int stream, int recording);     /* recording 0: none */

int engine_recording_new(struct engine *engine, const char *path, uint64_t limit);
int engine_recording_add(struct engine *engine, int recording, bool outbound, const uint8_t *message, size_t size);
int engine_recording_finish(struct engine *engine, int recording);

int engine_memory_device_new(struct engine *engine);
int engine_memory_card_new(struct engine *engine, double ppm);      /* one whose clock is faster than the tick by that */
int engine_alsa_device_new(struct engine *engine, const struct media_device_config *config);
int engine_device_set_gate(struct engine *engine, int device, bool open);
int engine_device_gate_open(struct engine *engine, int device);
int engine_device_set_gains(struct engine *engine, int device, double capture, double playback);
int engine_device_follow(struct engine *engine, int device, int leader);    /* leader 0: none */
int engine_device_set_enhancement(struct engine *engine, int device, const struct media_enhancement *enhancement);
int engine_device_set_sidetone(struct engine *engine, int device, double gain);
int engine_device_set_limit(struct engine *engine, int device, double peak, double mean);
int engine_device_statistics(struct engine *engine, int device, struct media_device_statistics *statistics);
int engine_device_feed(struct engine *engine, int device, const int16_t *samples, size_t count);
int engine_device_take(struct engine *engine, int device, int16_t *samples, size_t capacity);
int engine_device_pending(struct engine *engine, int device);

int engine_tone_new(struct engine *engine);
int engine_tone_play(struct engine *engine, int tone, const struct media_tone *spec, int on);
int engine_player_new(struct engine *engine, const int16_t *samples, size_t count, bool loop);
int engine_player_play(struct engine *engine, int player, int on);
int engine_sound_stop(struct engine *engine, int sound);

#endif
