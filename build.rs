//! Lets the programs of this package find, at run time, the libtorch that they were linked with.
use std::path::Path;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_TORCH").is_none() {
        return;
    }
    let lib = std::env::var("DEP_TCH_LIBTORCH_LIB").expect("torch-sys names the libtorch it linked");
    println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
    println!("cargo:rustc-env=WHYMEAN_LIBTORCH={}", version(Path::new(&lib)).unwrap_or_else(|| "unknown".to_owned()));
    // The linker drops libtorch_cuda as unreferenced, and then CUDA is silently unavailable.
    if Path::new(&lib).join("libtorch_cuda.so").exists() {
        println!("cargo:rustc-link-arg=-Wl,--no-as-needed");
        println!("cargo:rustc-link-arg=-ltorch_cuda");
        println!("cargo:rustc-link-arg=-Wl,--as-needed");
    }
}

/// The version that the headers beside the libraries name, such as `2.13.0`.
fn version(lib: &Path) -> Option<String> {
    let header = std::fs::read_to_string(lib.parent()?.join("include/torch/headeronly/version.h")).ok()?;
    let number = |name: &str| {
        let line = header.lines().find_map(|line| line.strip_prefix(&format!("#define TORCH_VERSION_{name} ")))?;
        line.trim().parse::<u32>().ok()
    };
    Some(format!("{}.{}.{}", number("MAJOR")?, number("MINOR")?, number("PATCH")?))
}
