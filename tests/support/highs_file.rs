//! Reads a file of a program with HiGHS's own readers, and solves it.

// Of the interface in C, for what the crate `highs` does not wrap.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::path::Path;

use highs::{HighsModelStatus, Model, RowProblem, Sense};

/// The optimum; `None` if there is no feasible point.
pub fn solve(path: &Path) -> Option<f64> {
    let mut model = Model::new(RowProblem::default());
    model.make_quiet();
    model.set_option("mip_rel_gap", 0.0);
    model.set_option("mip_feasibility_tolerance", 1e-7);
    // Its default drops coefficients below 1e-9.
    model.set_option("small_matrix_value", 1e-12);
    let name = CString::new(path.to_str().expect("UTF-8")).expect("no NUL");
    // SAFETY: a live instance, and a string with its end that outlives the call.
    let status = unsafe { highs_sys::Highs_readModel(model.as_mut_ptr(), name.as_ptr()) };
    assert_eq!(status, highs_sys::STATUS_OK, "{} is not read", path.display());
    let mut sense = 0;
    // SAFETY: a live instance, and a place for one number.
    unsafe { highs_sys::Highs_getObjectiveSense(model.as_ptr(), &mut sense) };
    model.set_sense(if sense < 0 { Sense::Maximise } else { Sense::Minimise });
    let solved = model.solve();
    match solved.status() {
        HighsModelStatus::Optimal => Some(solved.objective_value()),
        HighsModelStatus::Infeasible => None,
        other => panic!("{}: {other:?}", path.display()),
    }
}
