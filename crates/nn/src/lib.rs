//! A small learning engine for small images in batches: layers, losses, optimisers, fit, predict.
