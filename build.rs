//! With the feature `system-highs`: tells the linker where programs find the HiGHS
//! library when they run, and refuses a version older than the one Taut is tested with.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "system-highs")]
    system_highs();
}

/// A library in a folder that the system's loader does not know is looked for there, and
/// first beside an installed program: `bin/taut` and `lib/taut/libhighs.so`.
#[cfg(feature = "system-highs")]
fn system_highs() {
    const OLDEST: &str = "1.15.0";
    let highs = pkg_config::Config::new()
        .atleast_version(OLDEST)
        .cargo_metadata(false)
        .probe("highs")
        .unwrap_or_else(|error| {
            panic!(
                "feature system-highs: no HiGHS {OLDEST} or newer by pkg-config; \
                 without the feature it is built from source.\n{error}"
            )
        });
    println!("cargo::rustc-link-arg=-Wl,-rpath,$ORIGIN/../lib/taut");
    for folder in highs.link_paths {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.display());
    }
}
