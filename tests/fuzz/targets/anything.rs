#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../hold.rs"]
mod hold;

fuzz_target!(|bytes: &[u8]| hold::any(bytes));
