//! Measures appends.
fn main() {}
