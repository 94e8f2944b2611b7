//! The cases as a module for tests/wasm/cases.mjs, as tests/support/freestanding.hpp
//! has it for C++: the engine gives each an instance of its own.
#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]

#[path = "../cases.rs"]
mod cases;

use std::ffi::CString;
use std::panic;
use std::ptr;

#[repr(C)]
pub struct Case {
    name: *const u8,
    run: fn(),
    max_pages: u32,
    trap: *const u8,
}

#[link(wasm_import_module = "test")]
extern "C" {
    fn fail(condition: *const u8, file: *const u8, line: u32) -> !;
}

// What is asked of the heap is refused, so handle_alloc_error stops the module.
#[no_mangle]
#[inline(never)]
pub fn asks_for_too_much() -> Vec<u8> {
    cases::take_all(cases::HUGE);
    Vec::with_capacity(cases::HUGE.size())
}

// Behind the cases of the table.
const STOPPING: (&str, fn(), &str) =
    ("handle_alloc_error_stops_the_module\0", || drop(asks_for_too_much()), "asks_for_too_much\0");

#[no_mangle]
pub extern "C" fn case_count() -> u32 {
    cases::CASES.len() as u32 + 1
}

#[no_mangle]
pub extern "C" fn case_at(index: u32) -> *const Case {
    let case = match cases::CASES.get(index as usize) {
        Some(&(name, run)) => Case { name: name.as_ptr(), run, max_pages: 0, trap: ptr::null() },
        None => Case { name: STOPPING.0.as_ptr(), run: STOPPING.1, max_pages: 0, trap: STOPPING.2.as_ptr() },
    };
    Box::into_raw(Box::new(case))
}

#[no_mangle]
pub extern "C" fn run_case(index: u32) {
    panic::set_hook(Box::new(|info| {
        let condition = CString::new(info.to_string()).unwrap();
        let (file, line) = info.location().map_or(("", 0), |at| (at.file(), at.line()));
        let file = CString::new(file).unwrap();
        unsafe { fail(condition.as_ptr() as *const u8, file.as_ptr() as *const u8, line) }
    }));
    cases::CASES.get(index as usize).map_or(STOPPING.1, |case| case.1)()
}
