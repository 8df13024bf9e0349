//! Properties in VNN-LIB 1.0 and 2.0 (`.vnnlib`): a query for a point of one network or of
//! several that satisfies all assertions.
//!
//! Sources: S. Demarchi and others, "Supporting Standardization of Neural Networks Verification
//! with VNNLIB and CoCoNet" (2023), <https://www.vnnlib.org>, for 1.0; the document and grammar of
//! version 2.0 at <https://github.com/VNNLIB/VNNLIB-Standard>. Read is this grammar, where `*`
//! stands for any number and `+` for at least one, and `;` begins a comment up to the end of the
//! line:
//!
//! ```text
//! file     = file1 | file2
//! file1    = (declaration1 | assert)+             1.0: what is asserted is declared before
//! declaration1 = (declare-const X_i Real)         and Y_i: each i from 0 on
//! file2    = version network+ assert+             2.0
//! version  = (vnnlib-version <2.0>)
//! network  = (declare-network NAME relation? input+ hidden* output+)
//! relation = (equal-to NAME) | (isomorphic-to NAME)    a network in front, without a relation
//! input    = (declare-input NAME TYPE [shape] "ONNX name"?)    output, hidden likewise;
//! hidden   = (declare-hidden NAME TYPE [shape] "ONNX name")    in a network, all or none
//! TYPE     = real | float16 | float32 | float64           of the inputs and outputs have one
//! assert   = (assert formula)
//! formula  = (and formula+) | (or formula+) | (relation term term)
//! relation = <= | < | >= | > | == | = | !=
//! term     = number | variable | (+ term+) | (- term+) | (* term+)
//! variable = X_i | Y_i                            1.0
//!          | NAME | NAME[i,j,…]                   2.0: a scalar, an element
//! number   = 1 | -1.5 | .5 | 2. | 1e-05
//! ```
//!
//! More is read than 2.0 has: exponents, numbers without a digit on one side of the point, `=`,
//! whole numbers beside variables that are not, names with `-` in them, ONNX names of inputs and
//! outputs, blanks behind a parenthesis, and a version without `< >` (a [`Query::warnings`]).
//!
//! Constants are exact decimals, and so are the coefficients that come of them: nothing is
//! rounded here. Text is read once, front to back, and the query takes a small multiple of it.
//! [`print()`] writes what [`read`] reads as the same query; [`Parts`] are the boxes of one.
//!
//! ```
//! use taut::io::vnnlib::{Parts, read};
//!
//! let query = read(
//!     b"(declare-const X_0 Real) (declare-const Y_0 Real)
//!       (assert (or (and (>= X_0 0) (<= X_0 0.1)) (and (>= X_0 0.9) (<= X_0 1))))
//!       (assert (>= Y_0 2))",
//! )?;
//! let parts = Parts::of(&query)?;
//! let [first, _] = parts.parts() else { panic!("two boxes") };
//! // One tenth has no f64: a proof takes a bound above it, a point stays below.
//! let bounds = &parts.bounds(first)[0];
//! assert_eq!(bounds.outward().upper(), 0.1);
//! assert_eq!(bounds.inward().map(|inside| inside.upper()), Some(0.1_f64.next_down()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assignment;
mod bounds;
mod commands;
mod error;
mod flat;
mod formula;
mod joined;
mod listed;
mod networks;
mod parser;
mod parts;
mod print;
mod query;
mod term;
mod tokens;

use std::borrow::Cow;
use std::path::Path;

pub use self::assignment::{tensor_bytes, write_assignment};
pub use self::bounds::{InputBound, InputBounds};
pub use self::error::{Position, VnnlibError, Warning};
pub use self::joined::Joined;
pub use self::listed::{ListError, NetworkList};
pub use self::parts::{MOST_PARTS, Part, Parts, PartsError};
pub use self::print::print;
pub use self::query::{
    Atom, ElementType, Formula, NetworkDeclaration, NetworkRelation, Query, Relation, Tensor,
    Variable, Version,
};
use super::gzip::{is_packed, most_unpacked, unpacked};
use super::{FileError, FormatError, content, read_bytes};

/// Reads a query from the bytes of a file; packed by gzip, where they begin so.
///
/// # Errors
/// [`VnnlibError`].
pub fn read(bytes: &[u8]) -> Result<Query, VnnlibError> {
    let text: Cow<'_, [u8]> = match is_packed(bytes) {
        true => unpacked(bytes, most_unpacked()).map_err(VnnlibError::Packed)?.into(),
        false => bytes.into(),
    };
    commands::read(&text)
}

/// Reads a query from a file; its first bytes tell whether it is packed.
///
/// # Errors
/// [`FileError`].
pub fn read_query(path: &Path) -> Result<Query, FileError> {
    read(&read_bytes(path)?).map_err(|error| content(path, FormatError::from(error)))
}
