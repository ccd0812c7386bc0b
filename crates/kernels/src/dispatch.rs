//! Which instruction set the kernels run on, found out once at run time.

use crate::Precision;
use crate::portable::Portable;
use crate::vector::{Operation, PairOperation, PairSimd, Simd};
#[cfg(target_arch = "x86_64")]
use crate::x86::{avx2::Avx2, avx512::Avx512};

/// What a CPU can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionSet {
    /// Whatever the compiler makes of plain code for the target.
    Portable,
    /// AVX2 and FMA: eight `f32` in one of 16 registers.
    Avx2,
    /// AVX-512F: sixteen `f32` in one of 32 registers.
    Avx512,
}

impl InstructionSet {
    const ALL: [InstructionSet; 3] = [InstructionSet::Portable, InstructionSet::Avx2, InstructionSet::Avx512];

    /// The name that `MORPHOTYPE_KERNELS` takes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Portable => "portable",
            InstructionSet::Avx2 => "avx2",
            InstructionSet::Avx512 => "avx512",
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn is_available(self) -> bool {
        match self {
            InstructionSet::Portable => true,
            InstructionSet::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            InstructionSet::Avx512 => is_x86_feature_detected!("avx512f"),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_available(self) -> bool {
        self == InstructionSet::Portable
    }
}

impl std::fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Why the instruction set asked for cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KernelError {
    /// `MORPHOTYPE_KERNELS` holds no name of an instruction set.
    #[error("MORPHOTYPE_KERNELS is {0:?}; expected portable, avx2 or avx512")]
    Unknown(String),
    /// The CPU lacks the instruction set.
    #[error("MORPHOTYPE_KERNELS asks for {0}, which this CPU does not have")]
    Unavailable(InstructionSet),
    /// There are no instructions for bf16.
    #[error("bf16 needs AVX-512-BF16; this CPU does not have it, or MORPHOTYPE_KERNELS asks for less")]
    NoBf16,
}

/// All kernels, on one instruction set that this CPU has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kernels {
    set: InstructionSet,
}

/// Plain code that is worth compiling for each instruction set.
///
/// It says nothing of vectors, so its results are the same bits on all of them.
pub trait PlainCode {
    /// What comes out.
    type Output;
    /// Computes it; this and what it calls in its loops is `#[inline(always)]`, or it stays plain.
    fn run(self) -> Self::Output;
}

/// [`PlainCode`] as an operation.
struct Compiled<P>(P);

impl<P: PlainCode> Operation for Compiled<P> {
    type Output = P::Output;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> P::Output {
        self.0.run()
    }
}

impl Kernels {
    /// The best instruction set of this CPU, or the one that the environment variable `MORPHOTYPE_KERNELS` names.
    ///
    /// # Errors
    /// When the variable names an unknown instruction set, or one that this CPU does not have.
    pub fn detect() -> Result<Kernels, KernelError> {
        match std::env::var_os("MORPHOTYPE_KERNELS") {
            Some(name) => Kernels::named(&name.to_string_lossy()),
            None => Ok(Kernels::best()),
        }
    }

    /// On the best instruction set of this CPU, whatever the environment says: for [`PlainCode`], whose bits are the same on
    /// all of them.
    #[must_use]
    pub fn best() -> Kernels {
        Kernels { set: best() }
    }

    /// The kernels on `set`, when this CPU has it.
    #[must_use]
    pub fn with(set: InstructionSet) -> Option<Kernels> {
        set.is_available().then_some(Kernels { set })
    }

    /// The kernels on each instruction set of this CPU, the best last.
    #[must_use]
    pub fn available() -> Vec<Kernels> {
        InstructionSet::ALL.into_iter().filter_map(Kernels::with).collect()
    }

    /// What these kernels run on.
    #[must_use]
    pub fn instruction_set(self) -> InstructionSet {
        self.set
    }

    /// Runs `code` as compiled for this instruction set.
    pub fn run_plain<P: PlainCode>(self, code: P) -> P::Output {
        self.run(Compiled(code))
    }

    /// Runs `operation` on this instruction set.
    pub(crate) fn run<O: Operation>(self, operation: O) -> O::Output {
        match self.set {
            InstructionSet::Portable => Portable.call(operation),
            // SAFETY: `with` and `detect` make this value only when the CPU has AVX2 and FMA.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => unsafe { Avx2::assume() }.call(operation),
            // SAFETY: `with` and `detect` make this value only when the CPU has AVX-512F.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => unsafe { Avx512::<false>::assume() }.call(operation),
            #[cfg(not(target_arch = "x86_64"))]
            InstructionSet::Avx2 | InstructionSet::Avx512 => Portable.call(operation),
        }
    }

    /// Runs `operation` on this instruction set, or as plain code where it has no pairs of bf16.
    pub(crate) fn run_pairs<O: PairOperation>(self, operation: O) {
        #[cfg(target_arch = "x86_64")]
        if self.has_bf16() {
            // SAFETY: the CPU was just asked for AVX-512F, BW and BF16.
            return unsafe { Avx512::<true>::assume() }.call_pairs(operation);
        }
        Portable.call_pairs(operation);
    }

    /// Whether convolutions gain by this precision: all instruction sets have `f32`, bf16 is made for AVX-512-BF16 and
    /// slow elsewhere.
    ///
    /// # Errors
    /// When this CPU, or the instruction set asked for, has no bf16.
    pub fn require(self, precision: Precision) -> Result<(), KernelError> {
        match precision {
            Precision::Bf16 if !self.has_bf16() => Err(KernelError::NoBf16),
            Precision::Bf16 | Precision::F32 => Ok(()),
        }
    }

    #[cfg(target_arch = "x86_64")]
    fn has_bf16(self) -> bool {
        self.set == InstructionSet::Avx512
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512bf16")
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn has_bf16(self) -> bool {
        false
    }

    fn named(name: &str) -> Result<Kernels, KernelError> {
        let set = InstructionSet::ALL
            .into_iter()
            .find(|set| set.name() == name)
            .ok_or_else(|| KernelError::Unknown(name.to_owned()))?;
        Kernels::with(set).ok_or(KernelError::Unavailable(set))
    }
}

fn best() -> InstructionSet {
    InstructionSet::ALL.into_iter().rfind(|set| set.is_available()).unwrap_or(InstructionSet::Portable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portable_is_everywhere_and_unknown_names_are_refused() {
        let portable = Kernels::named("portable").unwrap();
        assert_eq!(portable.instruction_set(), InstructionSet::Portable);
        let error = Kernels::named("sse9").unwrap_err();
        assert_eq!(error.to_string(), "MORPHOTYPE_KERNELS is \"sse9\"; expected portable, avx2 or avx512");
    }

    #[test]
    fn best_is_the_last_available() {
        assert_eq!(Kernels::available().last().map(|k| k.instruction_set()), Some(best()));
    }
}
