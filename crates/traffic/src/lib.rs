//! Synthetic traffic with ground truth, evaluation
