//! The shared alert and the relay: grouping, tokens, masks, numbering
