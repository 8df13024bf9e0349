//! Reads a file of a program with HiGHS's own readers, and solves it.

// Of the interface in C, for what the crate `highs` does not wrap.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::path::Path;

use highs::{HighsModelStatus, Model, RowProblem, Sense};

/// The optimum; `None` if there is no feasible point.
pub fn solve(path: &Path) -> Option<f64> {
    solve_with(path, &[]).map(|optimum| optimum.objective)
}

/// An optimal point.
pub struct Optimum {
    /// Its value.
    pub objective: f64,
    /// The values of all columns, by name.
    pub columns: HashMap<String, f64>,
}

/// The optimum where columns, by name, have these values; `None` if there is no feasible point.
pub fn solve_with(path: &Path, fixed: &[(&str, f64)]) -> Option<Optimum> {
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
    let names = names(&model);
    for &(name, value) in fixed {
        let column = names.iter().position(|other| other == name).expect(name);
        let column = column.try_into().expect("few columns");
        // SAFETY: a live instance, and one of its columns.
        let status =
            unsafe { highs_sys::Highs_changeColBounds(model.as_mut_ptr(), column, value, value) };
        assert_eq!(status, highs_sys::STATUS_OK, "{name} is fixed at {value}");
    }
    let solved = model.solve();
    match solved.status() {
        HighsModelStatus::Optimal => {
            let values = solved.get_solution().columns().to_vec();
            let columns = names.into_iter().zip(values).collect();
            Some(Optimum { objective: solved.objective_value(), columns })
        }
        HighsModelStatus::Infeasible => None,
        other => panic!("{}: {other:?}", path.display()),
    }
}

/// The names of the columns, in the order of the instance: the reader of LP files has its own.
fn names(model: &Model) -> Vec<String> {
    let mut name = [0; highs_sys::kHighsMaximumStringLength as usize];
    // SAFETY: a live instance.
    let columns = unsafe { highs_sys::Highs_getNumCol(model.as_ptr()) };
    let name = |column| {
        // SAFETY: a live instance, one of its columns, and room for the longest name.
        let status =
            unsafe { highs_sys::Highs_getColName(model.as_ptr(), column, name.as_mut_ptr()) };
        assert_eq!(status, highs_sys::STATUS_OK, "the name of column {column}");
        // SAFETY: a string with its end.
        let text = unsafe { CStr::from_ptr(name.as_ptr()) };
        text.to_str().expect("UTF-8").to_string()
    };
    (0..columns).map(name).collect()
}
