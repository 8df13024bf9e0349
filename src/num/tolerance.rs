//! The project's own numerical constants, each with its unit and its reason.
//! What a user may choose stands in an options struct instead.

/// Largest violation of a constraint, relative to `1 + |bound|`, at which a
/// point counts as feasible. A thousand rounding errors of a forward pass; a
/// solver's own tolerance is no excuse, because a slope of 100 turns it into an
/// objective that no feasible point attains.
pub const CONSTRAINT_FEASIBILITY: f64 = 1e-9;

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

/// Numbers from this magnitude on are infinite to HiGHS.
pub const INFINITE_TO_SOLVERS: f64 = 1e20;

/// Feasibility and integrality tolerance of the MILP backends, absolute. Tighter
/// than the default of HiGHS (1e-6), which is also the smallest gap it can
/// close; much tighter (1e-9) is known to make it call feasible models
/// infeasible.
pub const MILP_FEASIBILITY: f64 = 1e-7;

/// Feasibility tolerance of the linear program that polishes a solver's point,
/// absolute: no binaries are left, so nothing speaks against a tight one.
pub const POLISH_FEASIBILITY: f64 = 1e-10;

/// A big-M constant above this lets a binary that is off by
/// [`MILP_FEASIBILITY`] leak a tenth of a unit through a neuron that is switched
/// off; results then come with a warning.
pub const LARGE_BIG_M: f64 = 1e6;

/// How far beyond the value of the known point a cut-off lies, relative to
/// `1 + |value|`. Above [`MILP_FEASIBILITY`], so that the point itself stays feasible,
/// below any gap a user asks for.
pub const CUTOFF_MARGIN: f64 = 1e-6;

/// Largest violation, absolute, at which the point of a backend that tells no
/// bound still carries one: the loosest of their integrality tolerances (GLPK:
/// 1e-5), doubled for the rounding of what they print.
pub const CLAIMED_OPTIMUM_FEASIBILITY: f64 = 2e-5;

/// A linear region is done with when no point of it is better than the best one known by
/// more than this, relative to `1 + |value|`: room for the rounding of affine maps, of which
/// the certificate has to be free, some thousand roundings at most.
pub const ENUMERATION_ROUNDING: f64 = 1e-9;
