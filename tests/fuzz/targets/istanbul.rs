#![no_main]

use libfuzzer_sys::fuzz_target;
use rooms::coverage::Format;

#[path = "../hold.rs"]
mod hold;

fuzz_target!(|bytes: &[u8]| -> libfuzzer_sys::Corpus { hold::of(Format::Istanbul, bytes) });
