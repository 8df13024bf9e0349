//! Reads a file of a program with HiGHS's own readers, and solves it.

// Of the interface in C, for what the crate `highs` does not wrap.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::path::Path;

use highs::{HighsModelStatus, Model, RowProblem, Sense};

/// The optimum; `None` if there is no feasible point.
pub fn solve(path: &Path) -> Option<f64> {
    solve_with(path, &[]).map(|(optimum, _)| optimum)
}

/// The optimum where columns, by their names, have these values, and the value of every column
/// there; `None` if there is no feasible point.
pub fn solve_with(path: &Path, fixed: &[(&str, f64)]) -> Option<(f64, Vec<f64>)> {
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
    for &(name, value) in fixed {
        let column = column(path, &model, name);
        // SAFETY: a live instance, which checks the column.
        let status =
            unsafe { highs_sys::Highs_changeColBounds(model.as_mut_ptr(), column, value, value) };
        assert_eq!(status, highs_sys::STATUS_OK, "{name} is fixed at {value}");
    }
    let solved = model.solve();
    match solved.status() {
        HighsModelStatus::Optimal => {
            Some((solved.objective_value(), solved.get_solution().columns().to_vec()))
        }
        HighsModelStatus::Infeasible => None,
        other => panic!("{}: {other:?}", path.display()),
    }
}

/// The place of a column by its name.
fn column(path: &Path, model: &Model, name: &str) -> i32 {
    let text = CString::new(name).expect("no NUL");
    let mut column = -1;
    // SAFETY: a live instance, a string with its end, and a place for one number.
    let status =
        unsafe { highs_sys::Highs_getColByName(model.as_ptr(), text.as_ptr(), &raw mut column) };
    assert_eq!(status, highs_sys::STATUS_OK, "{}: no column {name}", path.display());
    column
}
