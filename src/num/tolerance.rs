//! The project's own numerical constants, each with its unit and its reason.
//! What a user may choose stands in an options struct instead.

/// Largest violation of a constraint at which a point counts as feasible, relative to the
/// size of what is compared: the limit, as a rule. A solver's own
/// tolerance is no excuse, because a slope of 100 turns it into an objective that no feasible
/// point attains.
pub const CONSTRAINT_FEASIBILITY: f64 = 1e-9;

/// Share of the terms of a constraint that counts as its size beside the limit: with
/// [`CONSTRAINT_FEASIBILITY`] a hundred roundings of the terms, for constraints that compare
/// large numbers with each other.
pub const SHARE_OF_TERMS: f64 = 1e-5;

/// By how many steps between neighbouring points a constraint on outputs may be missed: what
/// the solution of a linear system loses.
pub const GRAINS_OF_OUTPUTS: f64 = 16.0;

/// The same where nothing but the rounding of the coordinates stands between.
pub const GRAINS_OF_INPUTS: f64 = 4.0;

/// What rounding may do to a value of a forward pass, relative to the limit or value it stands
/// for, before the pass is made again in twice the digits: a tenth of what counts as feasible.
pub const FORWARD_ROUNDING: f64 = 1e-10;

/// Largest violation of a constraint on inputs alone, relative to its limit: the rounding of a
/// decimal, and some more.
pub const ROUNDING_FEASIBILITY: f64 = 1e-12;

/// How far, relative to the size of the objective, a true point may lie beyond a bound that
/// a solver calls proven before the bound falls. Above the solvers' own feasibility
/// tolerances (1e-7 in normalised units), below any gap a user asks for.
pub const CLAIM_TOLERANCE: f64 = 1e-6;

/// How far, relative to the size of the objective, a forward pass may lie beyond a bound of
/// Taut's own, which holds over the real numbers: what rounding does to the forward pass.
/// Beyond that, one of the two is wrong.
pub const BOUND_CONTRADICTION: f64 = 1e-8;

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

/// Feasibility tolerances of the linear programs that bounds are derived from, in normalised
/// units: the tightest that HiGHS takes is 1e-10.
pub const BOUND_FEASIBILITY: f64 = 1e-9;

/// Gap, as a share of the range of the objective that bounds of the neurons leave, below
/// which a solver's tolerance ([`MILP_FEASIBILITY`], of ranges that are a hundred times
/// narrower in truth) decides more than the solver.
pub const FINEST_GAP: f64 = 1e-9;

/// Share of the range of the objective by which a solver's tolerance may move it before the
/// solver's word is doubted: well above what deep networks of ordinary weights come to
/// (1e-4), far below what would be an answer.
pub const LARGEST_LEAK: f64 = 1e-2;

/// How far beyond the value of the known point a cut-off lies, relative to the size of the
/// objective. Above [`MILP_FEASIBILITY`], so that the point itself stays feasible,
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

/// Absolute gap at which an answer is optimal where the user asks for none, in units of the
/// objective, and of the size of the objective where that is below 1: on outputs of 1e-8 a
/// gap of 1e-6 would close every question at once.
pub const ABSOLUTE_GAP: f64 = 1e-6;

/// What the rounding of a proof leaves between a value and the bound that is equal to it,
/// relative to the size of the objective: some ten roundings, where a gap of 0 is asked for.
pub const BOUND_ROUNDING: f64 = 1e-14;

/// The same, as a share of the range of the objective, so that it decides nothing there.
pub const BOUND_ROUNDING_OF_RANGE: f64 = 1e-9;
