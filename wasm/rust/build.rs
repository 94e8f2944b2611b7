// Compiles mote, which is C++ without a C++ library, for the target, with the
// compiler that CXX names (as the crate cc does: CXX_<target>, TARGET_CXX, CXX)
// or the first of the usual ones that is there.
//
// The archive is written here: an `ar` that knows wasm objects is one tool more
// to be missing, and rustc makes an index of its own when it takes the members.
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

const WASM_COMPILERS: &[&str] = &[
    "clang++", "clang++-19", "clang++-18", "clang++-17", "clang++-16", "clang++-15", "clang++-14",
];
const NATIVE_COMPILERS: &[&str] = &["c++", "g++", "clang++"];

// Alike for every target; see CMakeLists.txt.
const FLAGS: &[&str] = &[
    "-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-builtin-malloc",
    "-fvisibility=hidden", "-ffunction-sections", "-DNDEBUG",
];

struct Platform {
    sources: &'static [&'static str],
    flags: &'static [&'static str],
    compilers: &'static [&'static str],
}

fn fail(message: &str) -> ! {
    eprintln!("mote: {message}");
    process::exit(1)
}

fn cargo(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

// A setting of the user: cargo runs this again when it changes.
fn setting(name: &str) -> Option<String> {
    println!("cargo:rerun-if-env-changed={name}");
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn setting_for_target(name: &str) -> Option<String> {
    let target = cargo("TARGET");
    setting(&format!("{name}_{target}"))
        .or_else(|| setting(&format!("{name}_{}", target.replace('-', "_"))))
        .or_else(|| setting(&format!("TARGET_{name}")))
        .or_else(|| setting(name))
}

fn platform() -> Platform {
    let target = cargo("TARGET");
    let features = cargo("CARGO_CFG_TARGET_FEATURE");
    let is_wasm = cargo("CARGO_CFG_TARGET_ARCH") == "wasm32";
    if is_wasm && features.split(',').any(|feature| feature == "atomics") {
        fail("wasm builds are single-threaded, and this one has the target feature `atomics`");
    }
    match (is_wasm, cargo("CARGO_CFG_TARGET_OS").as_str()) {
        (true, "unknown") => Platform {
            sources: &["wasm/malloc.cpp", "wasm/trap.cpp"],
            flags: &["--target=wasm32", "-Oz", "-mbulk-memory", "-ffreestanding", "-fno-builtin"],
            compilers: WASM_COMPILERS,
        },
        (true, "wasi") => Platform {
            sources: &["wasm/wasi/malloc.cpp", "wasm/trap.cpp"],
            // Only the headers of the C library; LLVM 14 knows no other TLS here.
            flags: &["--target=wasm32-wasi", "-Oz", "-mbulk-memory", "-nostdinc++", "-ftls-model=local-exec"],
            compilers: WASM_COMPILERS,
        },
        (false, "linux") => Platform {
            sources: &["native/malloc.cpp", "native/malloc_info.cpp", "native/trap.cpp"],
            flags: &["-O3", "-fPIC", "-pthread"],
            compilers: if target == cargo("HOST") { NATIVE_COMPILERS } else { &[] },
        },
        _ => fail(&format!(
            "no build for {target}: there are wasm32-unknown-unknown, wasm32-wasi and Linux"
        )),
    }
}

fn is_there(compiler: &str) -> bool {
    Command::new(compiler).arg("--version").output().map_or(false, |run| run.status.success())
}

// The command and its first arguments: CXX may be `ccache clang++`.
fn compiler(platform: &Platform) -> Vec<String> {
    if let Some(command) = setting_for_target("CXX") {
        return command.split_whitespace().map(String::from).collect();
    }
    let found = platform.compilers.iter().find(|name| is_there(name));
    let target = cargo("TARGET");
    vec![match found {
        Some(name) => name.to_string(),
        None if platform.compilers.is_empty() => {
            fail(&format!("cross-compiling: set CXX_{} to a C++ compiler", target.replace('-', "_")))
        }
        None => fail(&format!(
            "no C++ compiler for {target}: install one of {}, or set CXX",
            platform.compilers.join(", ")
        )),
    }]
}

fn compile(command: &[String], platform: &Platform, root: &Path, source: &str, object: &Path) {
    let mut compile = Command::new(&command[0]);
    compile.args(&command[1..]).args(FLAGS).args(platform.flags);
    for folder in ["src", "src/include", "wasm", "native"] {
        compile.arg("-I").arg(root.join(folder));
    }
    for profile in ["TINY", "HARDENED"] {
        if env::var_os(format!("CARGO_FEATURE_{profile}")).is_some() {
            compile.arg(format!("-DMOTE_PROFILE_{profile}"));
        }
    }
    if env::var_os("CARGO_FEATURE_ALIGNMENT8").is_some() {
        compile.arg("-DMOTE_ALIGNMENT=8");
    }
    if let Some(flags) = setting_for_target("CXXFLAGS") {
        compile.args(flags.split_whitespace());
    }
    compile.arg("-c").arg(root.join(source)).arg("-o").arg(object);
    let hint = match cargo("CARGO_CFG_TARGET_OS").as_str() {
        "wasi" => "\nIt must find the headers of wasi-libc: Debian's wasi-libc is found by its own \
                   clang, for wasi-sdk set CXX to its bin/clang++.",
        _ => "",
    };
    match compile.output() {
        Ok(run) if run.status.success() => {}
        Ok(run) => fail(&format!(
            "{} cannot compile {source} for {} (it needs C++20):\n{}{hint}",
            command.join(" "), cargo("TARGET"), String::from_utf8_lossy(&run.stderr)
        )),
        Err(error) => fail(&format!("{}: {error}", command.join(" "))),
    }
}

// The common format of archives: https://en.wikipedia.org/wiki/Ar_(Unix)
fn write_archive(path: &Path, objects: &[PathBuf]) {
    let mut archive = b"!<arch>\n".to_vec();
    for object in objects {
        let bytes = fs::read(object).unwrap_or_else(|error| fail(&error.to_string()));
        let name = object.file_name().unwrap().to_str().unwrap();
        archive.extend(
            format!("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", format!("{name}/"), 0, 0, 0, 644, bytes.len())
                .into_bytes(),
        );
        archive.extend(&bytes);
        if bytes.len() % 2 == 1 {
            archive.push(b'\n');
        }
    }
    fs::write(path, archive).unwrap_or_else(|error| fail(&error.to_string()));
}

fn main() {
    let root = Path::new(&cargo("CARGO_MANIFEST_DIR")).join("../..");
    let out = PathBuf::from(cargo("OUT_DIR"));
    if !root.join("src/heap.hpp").is_file() {
        fail("the crate lies in mote's repository and compiles the sources there: depend on it by git or path");
    }

    let platform = platform();
    for inputs in ["src", "native", "wasm/linear_memory.hpp", "wasm/memory_grow.hpp", "wasm/product.hpp"].iter().chain(platform.sources) {
        println!("cargo:rerun-if-changed={}", root.join(inputs).display());
    }
    let command = compiler(&platform);
    let objects: Vec<PathBuf> =
        (0..platform.sources.len()).map(|index| out.join(format!("{index}.o"))).collect();
    for (source, object) in platform.sources.iter().zip(&objects) {
        compile(&command, &platform, &root, source, object);
    }
    write_archive(&out.join("libmote_heap.a"), &objects);
    println!("cargo:rustc-link-search=native={}", out.display());
    println!("cargo:rustc-link-lib=static=mote_heap");
}
