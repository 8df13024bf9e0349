//! The project's own numerical constants, each with its unit and its reason.
//! What a user may choose stands in an options struct instead.

/// Largest violation, in the units of the constraint and relative to
/// `1 + |right-hand side|`, at which a point found by a solver still counts as
/// feasible for a constraint of the problem. HiGHS accepts 1e-6 absolute, so a
/// stricter check would refuse points that no setting of the solver can improve.
pub const CONSTRAINT_FEASIBILITY: f64 = 1e-6;

/// How far, relative to `1 + |objective|`, a point may lie beyond a bound that
/// a solver calls proven before the two are a contradiction. Above the
/// solvers' own feasibility tolerances (1e-7 to 1e-6), below any gap a user
/// asks for.
pub const BOUND_CONTRADICTION: f64 = 1e-5;

/// Coefficients of smaller magnitude are dropped silently by HiGHS (its
/// `small_matrix_value`, whose least admissible value this is); before a model
/// reaches it they are moved into the row's bounds as intervals.
pub const SMALLEST_COEFFICIENT: f64 = 1e-12;

/// Matrix entries of larger magnitude are refused by HiGHS (its
/// `large_matrix_value`).
pub const LARGEST_COEFFICIENT: f64 = 1e15;

/// Integrality and feasibility tolerance of the MILP backends, absolute: the
/// default of HiGHS. Tighter values are known to cause false infeasibility.
pub const MILP_FEASIBILITY: f64 = 1e-6;

/// A big-M constant above this lets a binary that is off by
/// [`MILP_FEASIBILITY`] leak a whole unit through a neuron that is switched
/// off; results then come with a warning.
pub const LARGE_BIG_M: f64 = 1e6;
