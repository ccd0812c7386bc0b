//! Arithmetic on sixteen cells at once: the only unsafe code, chosen at run time per instruction set.
