/* The two passes of LeakyReLU + instance norm over channels-last rows, for fp32 and bf16.
 *
 * A row is one position's channels. Between the passes lie the statistics: the first pass writes the
 * LeakyReLU of its rows and adds up each channel, the second normalises in place and adds the skip.
 * cakelens/native.py compiles this with the machine's own compiler and calls it on several threads, each
 * with rows of its own.
 */
#include <stdint.h>
#include <string.h>

#define MAX_CHANNELS 1024
#define ROWS 64 /* added up in fp32 before they go to the fp64 sums */

typedef uint16_t bf16;

static inline float widen(bf16 half) {
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Round to nearest even, as torch does. */
static inline bf16 narrow(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bf16)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static inline float same(float value) { return value; }

/* Sums are of the distance to `pivot`, a value the channel takes: no digits cancel in the variance. */
#define LEAKY_SUMS(NAME, T, READ, WRITE)                                                           \
    void NAME(const T *restrict in, T *restrict out, int64_t rows, int64_t channels, float slope,  \
              const float *restrict pivot, double *restrict sums, double *restrict squares) {      \
        float sum[MAX_CHANNELS], square[MAX_CHANNELS];                                             \
        for (int64_t start = 0; start < rows; start += ROWS) {                                     \
            int64_t end = start + ROWS < rows ? start + ROWS : rows;                               \
            memset(sum, 0, channels * sizeof *sum);                                                \
            memset(square, 0, channels * sizeof *square);                                          \
            for (int64_t row = start; row < end; row++)                                            \
                for (int64_t c = 0; c < channels; c++) {                                           \
                    float value = READ(in[row * channels + c]);                                    \
                    value = value > 0 ? value : value * slope;                                     \
                    out[row * channels + c] = WRITE(value);                                        \
                    float distance = value - pivot[c];                                             \
                    sum[c] += distance;                                                            \
                    square[c] += distance * distance;                                              \
                }                                                                                  \
            for (int64_t c = 0; c < channels; c++) {                                               \
                sums[c] += sum[c];                                                                 \
                squares[c] += square[c];                                                           \
            }                                                                                      \
        }                                                                                          \
    }

LEAKY_SUMS(leaky_sums_f32, float, same, same)
LEAKY_SUMS(leaky_sums_bf16, bf16, widen, narrow)

/* The skip's channels stand from `before` on; skip_channels is 0 where there is none. */
#define NORMALISE(NAME, T, READ, WRITE)                                                            \
    void NAME(T *restrict values, int64_t rows, int64_t channels, const float *restrict gain,      \
              const float *restrict shift, const T *restrict skip, int64_t skip_channels,          \
              int64_t before) {                                                                    \
        for (int64_t row = 0; row < rows; row++) {                                                 \
            T *restrict v = values + row * channels;                                               \
            const T *restrict s = skip + row * skip_channels;                                      \
            for (int64_t c = 0; c < before; c++)                                                   \
                v[c] = WRITE(READ(v[c]) * gain[c] + shift[c]);                                     \
            for (int64_t c = before; c < before + skip_channels; c++)                              \
                v[c] = WRITE(READ(v[c]) * gain[c] + shift[c] + READ(s[c - before]));               \
            for (int64_t c = before + skip_channels; c < channels; c++)                            \
                v[c] = WRITE(READ(v[c]) * gain[c] + shift[c]);                                     \
        }                                                                                          \
    }

NORMALISE(normalise_f32, float, same, same)
NORMALISE(normalise_bf16, bf16, widen, narrow)
