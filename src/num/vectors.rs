//! Loops over numbers in vector registers.

/// Runs a loop over numbers with the widest vectors that the processor has. The loop's
/// results do not depend on them: nothing is reordered or fused.
#[inline(always)]
pub fn vectorized<R>(operation: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(operation)
}
