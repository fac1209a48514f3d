//! Assembles what the browser loads: fetches the packages of `package-lock.json` when they are missing, cuts the icon
//! sprite down to the icons that are named in the sources, gives each file a name that holds its content's hash,
//! compresses it, and writes `assets.rs` that embeds the result.

// How a build script talks to cargo.
#![allow(clippy::print_stdout)]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, exit},
};

use sha2::{Digest, Sha256};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo")).join("assets");
    for path in WATCHED {
        println!("cargo:rerun-if-changed={}", here.join(path).display());
    }
    fetch(&here);
    fs::create_dir_all(&out).expect("OUT_DIR is writable");
    let modules = here.join("node_modules");
    let mut set = AssetSet { out, consts: String::new(), files: String::new() };
    let mut css = read(&here.join("assets/dialtone.css"));
    for (name, from) in VENDOR {
        let bytes = fs::read(modules.join(from)).unwrap_or_else(|e| stop(&format!("{from}: {e}")));
        css = css.replace(&format!("vendor/{name}"), &set.add(name, bytes));
    }
    set.add("icons.svg", sprite(&here, &modules).into_bytes());
    set.add("dialtone.css", css.into_bytes());
    set.add("dialtone.js", read(&here.join("assets/dialtone.js")).into_bytes());
    set.add("mark.svg", read(&here.join("assets/mark.svg")).into_bytes());
    set.finish();
}

/// Runs npm unless `node_modules` is what the lock file says.
fn fetch(here: &Path) {
    let lock =
        fs::read(here.join("package-lock.json")).unwrap_or_else(|e| stop(&format!("package-lock.json: {e}")));
    let (stamp, want) = (here.join("node_modules/.dialtone-lock"), hash(&lock));
    if fs::read_to_string(&stamp).is_ok_and(|have| have == want) {
        return;
    }
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let run = Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(here)
        .output();
    match run {
        Err(_) => stop(
            "the portal's fonts, icons and htmx come from npm, which is not installed; install Node.js with npm and build again",
        ),
        Ok(done) if !done.status.success() => {
            let said = String::from_utf8_lossy(&done.stderr);
            stop(&format!("`npm ci` in portal/ failed; is the npm registry reachable? npm said:\n{said}"))
        }
        Ok(_) => fs::write(stamp, want).expect("node_modules is writable"),
    }
}

/// One `<symbol>` per icon that the sources name.
fn sprite(here: &Path, modules: &Path) -> String {
    let mut names = BTreeSet::new();
    for place in NAMING {
        gather(&here.join(place), &mut names);
    }
    let mut svg = String::from(r#"<svg xmlns="http://www.w3.org/2000/svg">"#);
    for name in names {
        let file = modules.join(format!("@tabler/icons/icons/outline/{name}.svg"));
        let text = fs::read_to_string(file)
            .unwrap_or_else(|_| stop(&format!("there is no icon `{name}` in @tabler/icons")));
        let inner =
            text.split_once("<svg").and_then(|(_, rest)| rest.split_once('>')).map_or("", |(_, inner)| inner);
        svg += &format!(r#"<symbol id="{name}" viewBox="0 0 24 24">"#);
        for line in inner.replace("</svg>", "").lines().map(str::trim) {
            if !line.starts_with(r#"<path stroke="none""#) {
                svg += line;
            }
        }
        svg += "</symbol>";
    }
    svg + "</svg>"
}

/// Names that follow `icon("`, `icon_small("`, `glyph("` or `icon: "` in the files below `place`.
fn gather(place: &Path, names: &mut BTreeSet<String>) {
    if place.is_dir() {
        for entry in fs::read_dir(place).into_iter().flatten().flatten() {
            gather(&entry.path(), names);
        }
    } else if let Ok(text) = fs::read_to_string(place) {
        for mark in ["icon(\"", "icon_small(\"", "glyph(\"", "icon: \""] {
            for rest in text.split(mark).skip(1) {
                names.extend(rest.split_once('"').map(|(name, _)| name.to_owned()));
            }
        }
    }
}

/// What has been assembled.
struct AssetSet {
    out: PathBuf,
    consts: String,
    files: String,
}

impl AssetSet {
    /// Adds a file; returns its name with the hash.
    fn add(&mut self, name: &str, bytes: Vec<u8>) -> String {
        let url = hashed(name, &bytes);
        let (plain, squeezed) = (self.out.join(&url), self.out.join(format!("{url}.br")));
        fs::write(&plain, &bytes).expect("OUT_DIR is writable");
        let brotli = if name.ends_with(".woff2") {
            "None".to_owned()
        } else {
            // The name holds the content's hash: what is there is right.
            if !squeezed.exists() {
                let mut packed = Vec::new();
                let settings = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
                brotli::BrotliCompress(&mut bytes.as_slice(), &mut packed, &settings)
                    .expect("memory to memory");
                fs::write(&squeezed, packed).expect("OUT_DIR is writable");
            }
            format!("Some(include_bytes!({squeezed:?}))")
        };
        let constant = name.to_uppercase().replace(['.', '-'], "_");
        self.consts += &format!(
            "/// URL of `{name}`.\n#[allow(dead_code)]\npub const {constant}: &str = \"/assets/{url}\";\n"
        );
        self.files += &format!(
            "File {{ name: {url:?}, kind: {:?}, plain: include_bytes!({plain:?}), brotli: {brotli} }},\n",
            kind(name)
        );
        url
    }

    fn finish(self) {
        let text = format!("{}\nstatic FILES: &[File] = &[\n{}];\n", self.consts, self.files);
        fs::write(self.out.join("assets.rs"), text).expect("OUT_DIR is writable");
    }
}

fn hashed(name: &str, bytes: &[u8]) -> String {
    let (stem, ending) = name.rsplit_once('.').expect("assets have endings");
    format!("{stem}.{}.{ending}", &hash(bytes)[..12])
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "font/woff2",
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| stop(&format!("{}: {e}", path.display())))
}

fn stop(why: &str) -> ! {
    eprintln!("portal: {why}");
    println!("cargo:warning=portal: {}", why.lines().next().unwrap_or(why));
    exit(1)
}

/// Name in the program → file in `node_modules`.
const VENDOR: &[(&str, &str)] = &[
    ("htmx.min.js", "htmx.org/dist/htmx.min.js"),
    ("hx-sse.min.js", "htmx.org/dist/ext/hx-sse.min.js"),
    ("geist-latin.woff2", "@fontsource-variable/geist/files/geist-latin-wght-normal.woff2"),
    ("geist-latin-ext.woff2", "@fontsource-variable/geist/files/geist-latin-ext-wght-normal.woff2"),
    ("geist-mono-latin.woff2", "@fontsource-variable/geist-mono/files/geist-mono-latin-wght-normal.woff2"),
];

/// Where icons are named.
const NAMING: &[&str] = &["templates", "assets", "src", "../config/src"];

const WATCHED: &[&str] = &[
    "build.rs",
    "package.json",
    "package-lock.json",
    "node_modules/.dialtone-lock",
    "assets",
    "templates",
    "src",
    "../config/src",
];
