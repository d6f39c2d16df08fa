//! Number plans: normalise, country, line type, possible or not, block
