/* Replace the raw predictions z by delta, minus the gradient of the loss in z, for one
   precision. */

INLINE REAL NAME(sum_lanes)(VEC lanes)
{
    typedef REAL HALF __attribute__((vector_size(32), aligned(4), may_alias));
    typedef REAL QUARTER __attribute__((vector_size(16), aligned(4), may_alias));
    HALF half = *(HALF *)&lanes + *((HALF *)&lanes + 1);
    QUARTER quarter = *(QUARTER *)&half + *((QUARTER *)&half + 1);
    REAL sum = quarter[0] + quarter[1];
    if (LANES == 16) sum += quarter[LANES / 4 - 2] + quarter[LANES / 4 - 1];
    return sum;
}

/* The labels and weights of LANES rows of a group; they are 0 after the end of the block. */
typedef struct {
    VEC label, weight, judge_weight;
} NAME(Targets);

INLINE VEC NAME(load_labels)(const int32_t *label)
{
    typedef int32_t INTEGERS __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
    return __builtin_convertvector(*(const INTEGERS *)label, VEC);
}

/* 1 where a role has a bit, 0 elsewhere. Two conversions, since processors have an instruction
   for each of them. */
INLINE VEC NAME(load_roles)(const uint8_t *role, int bit)
{
    typedef uint8_t BYTES __attribute__((vector_size(LANES), aligned(1), may_alias));
    typedef int32_t INTEGERS __attribute__((vector_size(4 * LANES)));
    INTEGERS roles = __builtin_convertvector(*(const BYTES *)role, INTEGERS);
    return __builtin_convertvector((roles & bit) / bit, VEC);
}

INLINE NAME(Targets) NAME(load_targets)(const Descent *descent, ptrdiff_t group,
                                        ptrdiff_t first, ptrdiff_t count)
{
    ptrdiff_t n = descent->n;
    const int32_t *label = descent->labels + group % descent->n_label_sets * n + first;
    const REAL *weight = (const REAL *)descent->weight + group * descent->weight_stride + first;
    const REAL *judge = descent->judge_weight;
    if (judge) judge += group * descent->judge_stride + first;
    const uint8_t *role = descent->roles ? descent->roles + group * n + first : NULL;
    int32_t labels[LANES] = {0};
    REAL weights[LANES] = {0}, judge_weights[LANES] = {0};
    uint8_t roles[LANES] = {0};
    if (count < LANES) { /* fill up with zeros, so that the arithmetic is the same */
        memcpy(labels, label, count * sizeof *label);
        memcpy(weights, weight, count * sizeof *weight);
        if (judge) memcpy(judge_weights, judge, count * sizeof *judge);
        if (role) memcpy(roles, role, count);
        label = labels, weight = weights, role = role ? roles : NULL;
        judge = judge ? judge_weights : NULL;
    }
    NAME(Targets) targets = {NAME(load_labels)(label), LOAD(weight), {0}};
    if (role) targets.weight *= NAME(load_roles)(role, TRAINED);
    if (judge) targets.judge_weight = LOAD(judge) * NAME(load_roles)(role, JUDGED);
    return targets;
}

/* Replace z by delta for one column and LANES rows, and return their squared errors. Let y be
   1 for the label 1 and -1 for the label 0. Then |t - o| is m = 1 / (1 + e) for e = exp(y z), and
   1 - m is e m, so that delta = s (t - o) o (1 - o) = y s m (e m) m. */
INLINE VEC NAME(sigmoid)(REAL *z, const NAME(Targets) *targets)
{
    VEC y = 2 * targets->label - 1;
    VEC e = EXP(y * LOAD(z));
    VEC m = 1 / (1 + e), m2 = m * m;
    STORE(z, y * targets->weight * m2 * (e * m));
    return m2;
}

/* The same for K columns; z of column k is at k * stride. Let p be the softmax of z, y the
   label, m = 1 - p_y, and q the sum of p_k^2 over the other classes. The squared error of a row
   is m^2 + q; delta is s p_y (m^2 + q) for the label and s p_k (q - p_y m - p_k) for the others.
   No digit of a small error is lost. */
INLINE VEC NAME(softmax)(REAL *z, ptrdiff_t stride, ptrdiff_t n_classes,
                         const NAME(Targets) *targets)
{
    VEC largest = LOAD(z), others = {0}, squares = {0}, own = {0}, class = {0};
    for (ptrdiff_t k = 1; k < n_classes; k++) {
        VEC column = LOAD(z + k * stride);
        largest = SELECT(column > largest, column, largest);
    }
    for (ptrdiff_t k = 0; k < n_classes; k++, class += 1) {
        VEC e = EXP(LOAD(z + k * stride) - largest);
        STORE(z + k * stride, e);
        VEC other = SELECT(targets->label == class, (VEC){0}, e);
        own += e - other;
        others += other;
        squares += other * other;
    }
    VEC scale = 1 / (others + own);
    VEC p = own * scale, m = others * scale, q = squares * scale * scale;
    VEC squared_error = m * m + q, shift = q - p * m;
    VEC own_delta = targets->weight * p * squared_error;
    class = (VEC){0};
    for (ptrdiff_t k = 0; k < n_classes; k++, class += 1) {
        VEC other = LOAD(z + k * stride) * scale;
        VEC delta = targets->weight * other * (shift - other);
        STORE(z + k * stride, SELECT(targets->label == class, own_delta, delta));
    }
    return squared_error;
}

/* `sigmoid` with label noise. Let q be the probability of the recorded label 1, and m = |t - o|.
   Then |t - q| is shift + slope m, with the shift of the label, and delta is
   s slope (t - q) o (1 - o). */
INLINE VEC NAME(noisy_sigmoid)(REAL *z, const NAME(Targets) *targets, const REAL *shift,
                               const REAL *slope)
{
    VEC none = {0};
    VEC y = 2 * targets->label - 1;
    VEC e = EXP(y * LOAD(z));
    VEC m = 1 / (1 + e);
    VEC error = SELECT(targets->label == none, none + shift[0], none + shift[1]) + slope[0] * m;
    STORE(z, y * targets->weight * (error * m) * (e * m) * slope[0]);
    return error * error;
}

/* `softmax` with label noise: q_k = slope_k p_k + u with u = sum_j shift_j p_j. With
   h_k = slope_k (e_y - q)_k, delta_k = s p_k (h_k - sum_j p_j h_j). Without noise this is
   `softmax`. */
INLINE VEC NAME(noisy_softmax)(REAL *z, ptrdiff_t stride, ptrdiff_t n_classes,
                               const NAME(Targets) *targets, const REAL *shift, const REAL *slope)
{
    VEC none = {0}, largest = LOAD(z), others = none, own = none, class = none;
    VEC sums = none, squares = none, shifts = none, own_slope = none;
    for (ptrdiff_t k = 1; k < n_classes; k++) {
        VEC column = LOAD(z + k * stride);
        largest = SELECT(column > largest, column, largest);
    }
    for (ptrdiff_t k = 0; k < n_classes; k++, class += 1) {
        VEC e = EXP(LOAD(z + k * stride) - largest);
        STORE(z + k * stride, e);
        VEC other = SELECT(targets->label == class, none, e);
        own += e - other;
        own_slope += SELECT(targets->label == class, none + slope[k], none);
        shifts += shift[k] * e;
        others += other;
        other *= slope[k];
        sums += other;
        squares += other * other;
    }
    VEC scale = 1 / (others + own);
    VEC p = own * scale, m = others * scale, u = shifts * scale;
    VEC q = squares * scale * scale, sum = sums * scale;
    VEC error = own_slope * m + (1 - own_slope) - u; /* 1 - q_y */
    VEC product = q + u * sum;                       /* sum of slope_k p_k q_k, k != y */
    VEC squared_error = error * error + (q + 2 * (u * sum) + (REAL)(n_classes - 1) * (u * u));
    VEC common = product - p * (own_slope * error);
    VEC own_delta = targets->weight * p * (own_slope * error * m + product);
    class = none;
    for (ptrdiff_t k = 0; k < n_classes; k++, class += 1) {
        VEC other = LOAD(z + k * stride) * scale;
        VEC delta = targets->weight * other * (common - slope[k] * (slope[k] * other + u));
        STORE(z + k * stride, SELECT(targets->label == class, own_delta, delta));
    }
    return squared_error;
}

INLINE VEC NAME(differentiate_rows)(const Descent *descent, ptrdiff_t group,
                                    const NAME(Targets) *targets, REAL *z, ptrdiff_t stride)
{
    ptrdiff_t K = descent->n_outputs, n_classes = K > 1 ? K : 2;
    if (descent->is_noisy && descent->is_noisy[group]) {
        const REAL *shift = (const REAL *)descent->noise_shift + group * n_classes;
        const REAL *slope = (const REAL *)descent->noise_slope + group * n_classes;
        return K == 1 ? NAME(noisy_sigmoid)(z, targets, shift, slope)
                      : NAME(noisy_softmax)(z, stride, K, targets, shift, slope);
    }
    return K == 1 ? NAME(sigmoid)(z, targets) : NAME(softmax)(z, stride, K, targets);
}

/* Replace z by delta for m rows of a group, and add to its squared errors. Columns of z have
   `stride` numbers, which are 0 after the m rows. */
INLINE void NAME(differentiate_group)(const Descent *descent, ptrdiff_t group, ptrdiff_t first,
                                      ptrdiff_t m, REAL *z, ptrdiff_t stride, double *errors)
{
    VEC trained = {0}, judged = {0};
    for (ptrdiff_t i = 0; i < m; i += LANES) {
        NAME(Targets) targets = NAME(load_targets)(descent, group, first + i, m - i);
        VEC squared_error = NAME(differentiate_rows)(descent, group, &targets, z + i, stride);
        trained += squared_error * targets.weight;
        judged += squared_error * targets.judge_weight;
    }
    errors[group] += NAME(sum_lanes)(trained);
    errors[descent->n_groups + group] += NAME(sum_lanes)(judged);
}

/* Return the sum of the delta of a column. */
INLINE REAL NAME(sum_rows)(const REAL *delta, ptrdiff_t m)
{
    VEC sum = {0};
    for (ptrdiff_t i = 0; i < m; i += LANES) sum += LOAD(delta + i);
    return NAME(sum_lanes)(sum);
}

/* Replace z (columns, rows) by delta for the columns from `column` to `end`: whole groups and
   padding. Add to the sums of errors and deltas. */
INLINE void NAME(differentiate)(const Descent *descent, ptrdiff_t column, ptrdiff_t end,
                                ptrdiff_t first, ptrdiff_t m, REAL *z, ptrdiff_t stride,
                                double *delta_sums, double *errors)
{
    ptrdiff_t K = descent->n_outputs, used = descent->n_groups * K;
    for (ptrdiff_t group = column / K; group < descent->n_groups && group * K < end; group++)
        NAME(differentiate_group)(descent, group, first, m, z + (group * K - column) * stride,
                                  stride, errors);
    for (ptrdiff_t k = column; k < end; k++) {
        REAL *delta = z + (k - column) * stride;
        if (k >= used)
            memset(delta, 0, stride * sizeof(REAL));
        else
            delta_sums[k] += NAME(sum_rows)(delta, m);
    }
}

/* Copy m rows of a tile, (rows, LANES), to z, (LANES, rows) with a stride. Zeros fill the last
   vector after row m. */
INLINE void NAME(unpack_tile)(REAL *tile, ptrdiff_t m, REAL *z, ptrdiff_t stride)
{
    for (ptrdiff_t i = 0; i < m; i += LANES) {
        VEC v[LANES];
        for (int r = 0; r < LANES; r++) v[r] = i + r < m ? LOAD(tile + (i + r) * LANES) : (VEC){0};
        NAME(transpose)(v);
        for (int l = 0; l < LANES; l++) STORE(z + l * stride + i, v[l]);
    }
}

/* Copy m rows of z back to a tile. */
INLINE void NAME(pack_tile)(const REAL *z, ptrdiff_t stride, ptrdiff_t m, REAL *tile)
{
    for (ptrdiff_t i = 0; i < m; i += LANES) {
        VEC v[LANES];
        for (int l = 0; l < LANES; l++) v[l] = LOAD(z + l * stride + i);
        NAME(transpose)(v);
        for (int r = 0; r < LANES; r++) STORE(tile + (i + r) * LANES, v[r]);
    }
}

/* Store raw predictions, before delta replaces them. */
INLINE void NAME(store_raw_prediction)(const Descent *descent, ptrdiff_t column, ptrdiff_t end,
                                      ptrdiff_t first, ptrdiff_t m, const REAL *z,
                                      ptrdiff_t stride)
{
    REAL *to = (REAL *)descent->raw_prediction + column * descent->n + first;
    for (ptrdiff_t k = column; k < end; k++, to += descent->n, z += stride)
        memcpy(to, z, m * sizeof(REAL));
}

/* Return the number of columns of a bundle: the smallest multiple of LANES of whole groups. */
INLINE ptrdiff_t NAME(count_bundle_columns)(ptrdiff_t n_outputs)
{
    ptrdiff_t columns = LANES;
    while (columns % n_outputs) columns += LANES;
    return columns;
}
