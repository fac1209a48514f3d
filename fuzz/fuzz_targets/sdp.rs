#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| dialtone_fuzz::sdp(bytes));
