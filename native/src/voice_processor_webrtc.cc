// webrtc-audio-processing 0.3 behind the C face of voice_processor.h: the only C++ of the engine. Everything the library needs is
// allocated while a processor is made.
#include "voice_processor.h"

#include <cstring>
#include <memory>
#include <new>

#include <webrtc/common.h>
#include <webrtc/modules/audio_processing/include/audio_processing.h>
#include <webrtc/modules/interface/module_common_types.h>

namespace {

using webrtc::AudioFrame;
using webrtc::AudioProcessing;

constexpr int kRate = 16000;

struct WebrtcProcessor {
    voice_processor processor;  // first
    std::unique_ptr<AudioProcessing> apm;
    AudioFrame near_frame;
    AudioFrame far_frame;
};

void Shape(AudioFrame *frame)
{
    frame->samples_per_channel_ = MEDIA_FRAME_SAMPLES;
    frame->sample_rate_hz_ = kRate;
    frame->num_channels_ = 1;
}

void TakeReference(voice_processor *processor, const int16_t *frame)
{
    auto *self = reinterpret_cast<WebrtcProcessor *>(processor);
    std::memcpy(self->far_frame.data_, frame, MEDIA_FRAME_SAMPLES * sizeof *frame);
    self->apm->ProcessReverseStream(&self->far_frame);
}

void Clean(voice_processor *processor, int16_t *frame, int delay_ms)
{
    auto *self = reinterpret_cast<WebrtcProcessor *>(processor);
    std::memcpy(self->near_frame.data_, frame, MEDIA_FRAME_SAMPLES * sizeof *frame);
    self->apm->set_stream_delay_ms(delay_ms);
    // A frame of the right shape is never refused; were it, the microphone's own sound stays in place.
    if (self->apm->ProcessStream(&self->near_frame) == AudioProcessing::kNoError)
        std::memcpy(frame, self->near_frame.data_, MEDIA_FRAME_SAMPLES * sizeof *frame);
}

void Release(voice_processor *processor)
{
    delete reinterpret_cast<WebrtcProcessor *>(processor);
}

bool EnableEcho(AudioProcessing *apm)
{
    webrtc::EchoCancellation *echo = apm->echo_cancellation();
    return echo->enable_drift_compensation(false) == 0 &&
           echo->set_suppression_level(webrtc::EchoCancellation::kModerateSuppression) == 0 && echo->Enable(true) == 0;
}

bool EnableNoise(AudioProcessing *apm, media_noise noise)
{
    webrtc::NoiseSuppression *suppression = apm->noise_suppression();
    auto level = noise == MEDIA_NOISE_STRONG ? webrtc::NoiseSuppression::kVeryHigh : webrtc::NoiseSuppression::kModerate;
    return suppression->set_level(level) == 0 && suppression->Enable(true) == 0;
}

bool EnableGain(AudioProcessing *apm)
{
    webrtc::GainControl *gain = apm->gain_control();
    return gain->set_mode(webrtc::GainControl::kAdaptiveDigital) == 0 && gain->Enable(true) == 0;
}

bool Enable(AudioProcessing *apm, const voice_task *task)
{
    constexpr auto mono = AudioProcessing::kMono;
    return apm->Initialize(kRate, kRate, kRate, mono, mono, mono) == 0 && (!task->cancel_echo || EnableEcho(apm)) &&
           (task->noise == MEDIA_NOISE_KEPT || EnableNoise(apm, task->noise)) && (!task->gain || EnableGain(apm));
}

}  // namespace

extern "C" struct voice_processor *webrtc_processor_new(const struct voice_task *task)
{
    webrtc::Config config;
    config.Set<webrtc::ExtendedFilter>(new webrtc::ExtendedFilter(true));
    config.Set<webrtc::DelayAgnostic>(new webrtc::DelayAgnostic(true));
    config.Set<webrtc::ExperimentalAgc>(new webrtc::ExperimentalAgc(false));
    std::unique_ptr<WebrtcProcessor> self(new (std::nothrow) WebrtcProcessor());
    if (self == nullptr)
        return nullptr;
    self->apm.reset(AudioProcessing::Create(config));
    if (self->apm == nullptr || !Enable(self->apm.get(), task))
        return nullptr;
    Shape(&self->near_frame);
    Shape(&self->far_frame);
    self->processor.far = TakeReference;
    self->processor.near = Clean;
    self->processor.free = Release;
    return &self.release()->processor;
}
