/* prediction.h: linear prediction, of the spectrum of speech and noise. */
#ifndef IP270_PREDICTION_H
#define IP270_PREDICTION_H

enum { PREDICTION_ORDER_MAX = 16 };

/** Levinson-Durbin recursion over the autocorrelation r[0] .. r[order]. `predictor` gets the weight of the sample 1, 2 ... ago;
    `reflection`, where it isn't NULL, the reflection coefficients of the same model (as ITU-T G.711 Appendix II counts their sign). */
void prediction_solve(const float *r, int order, float *predictor, float *reflection);

/** The same predictor from its reflection coefficients, all within -1 to 1. */
void prediction_from_reflection(const float *reflection, int order, float *predictor);

#endif
