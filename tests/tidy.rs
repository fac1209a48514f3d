//! The source tree held against ARCHITECTURE: purity, imports, cycles and forbidden words fail; sizes are printed.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Crates without I/O, clock and randomness of their own.
const PURE: [&str; 4] = ["sip-stack", "media", "pbx-core", "config"];

/// Who may import whom, by crate name as written in Rust.
const MAY_IMPORT: [(&str, &[&str]); 5] = [
    ("sip-stack", &["sip_stack"]),
    ("media", &["media"]),
    ("config", &["config"]),
    ("pbx-core", &["pbx_core", "sip_stack", "media", "config"]),
    ("portal", &["portal", "config"]),
];

const OURS: [&str; 5] = ["sip_stack", "media", "config", "pbx_core", "portal"];

/// One source file: its path from the root of the repository and its text.
struct Source {
    path: String,
    /// Without the test module at its end, without comments.
    code: String,
    text: String,
}

#[test]
fn pure_crates_name_no_runtime_socket_or_clock_crate() {
    let forbidden =
        ["tokio", "axum", "hyper", "mio", "socket2", "io-uring", "reqwest", "libc", "rustix", "nix"];
    let found: Vec<_> = PURE
        .iter()
        .flat_map(|krate| dependencies(krate).into_iter().map(move |d| (krate, d)))
        .filter(|(_, dependency)| forbidden.contains(&dependency.as_str()))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn each_crate_depends_on_its_neighbours_below_only() {
    for (krate, allowed) in MAY_IMPORT {
        for dependency in dependencies(krate) {
            let name = dependency.replace('-', "_");
            let is_ours = OURS.contains(&name.as_str());
            assert!(!is_ours || allowed.contains(&name.as_str()), "{krate} depends on {dependency}");
        }
    }
    let portal = dependencies("portal");
    assert!(!portal.iter().any(|d| d == "rusqlite"), "the portal reaches the database through config only");
}

#[test]
fn the_world_is_touched_in_the_shell_only() {
    let words = [
        "Instant::now",
        "SystemTime::now",
        "Utc::now",
        "Local::now",
        "thread::sleep",
        "time::sleep",
        "thread::spawn",
        "tokio::spawn",
        "UdpSocket",
        "TcpStream",
        "TcpListener",
        "std::fs",
        "fs::File",
        "File::open",
        "File::create",
        "rand::rng(",
        "rand::random",
        "thread_rng",
        "from_os_rng",
        "OsRng",
        "getrandom",
        "SystemRandom",
    ];
    let found = faults(&pure_sources(), |source| {
        let allowed =
            |word: &str| TOUCHES.iter().any(|(path, w, _)| source.path.starts_with(path) && *w == word);
        words.iter().copied().filter(|w| source.code.contains(w) && !allowed(w)).map(str::to_owned).collect()
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn pure_crates_import_only_what_their_room_allows() {
    let found = faults(&pure_sources(), |source| {
        let krate = source.path.split('/').next().unwrap();
        let (_, allowed) = MAY_IMPORT.iter().find(|(k, _)| *k == krate).unwrap();
        let strangers = OURS.iter().filter(|name| !allowed.contains(name));
        strangers
            .filter(|name| source.code.contains(&format!("use {name}::")))
            .map(|n| (*n).to_owned())
            .collect()
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn rsip_stays_inside_the_sip_stack_and_out_of_signatures() {
    let found = faults(&product_sources(), |source| {
        let signature = |l: &&str| l.trim_start().starts_with("pub ") && l.contains("rsip::");
        let outside = !source.path.starts_with("sip-stack/") && source.code.contains("rsip::");
        let public = source.code.lines().any(|l| signature(&l));
        if outside || public { vec!["rsip".into()] } else { vec![] }
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_top_level_modules_of_a_crate_form_a_cycle() {
    let mut found = vec![];
    for krate in PURE.iter().chain(&["portal"]) {
        let edges = module_edges(krate);
        for module in edges.keys() {
            if let Some(way) = way_back(&edges, module) {
                found.push(format!("{krate}: {}", way.join(" → ")));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_forbidden_words_are_left_over() {
    let words = ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "XXX", ".unwrap()", "println!("];
    let found = faults(&product_sources(), |source| {
        let terminal = source.path.starts_with("src/") || source.path.ends_with("build.rs");
        let allowed = |w: &str| terminal && w == "println!(";
        words.iter().copied().filter(|w| source.code.contains(w) && !allowed(w)).map(str::to_owned).collect()
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_repository_speaks_only_of_itself() {
    let root = root();
    // Written in two halves so that this file is not its own fault.
    let words = [concat!("/wo", "rk/"), concat!("artif", "actory"), concat!("TO", "DO")];
    let found: Vec<_> =
        files(&root, &["rs", "md", "toml", "html", "js", "mjs", "css", "sql", "sh", "xml", "json"])
            .into_iter()
            .flat_map(|path| {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let name = relative(&root, &path);
                words
                    .iter()
                    .filter(|w| text.contains(**w))
                    .map(move |w| format!("{name}: {w}"))
                    .collect::<Vec<_>>()
            })
            .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn unsafe_code_lives_in_modules_made_for_it_and_says_why_it_holds() {
    let found = faults(&product_sources(), |source| {
        let lines: Vec<_> = source.text.lines().collect();
        let silent = |(i, l): (usize, &&str)| {
            let opens = l.contains("unsafe {") || l.trim_start().starts_with("unsafe impl");
            let said = lines[i.saturating_sub(4)..=i].iter().any(|b| b.contains("SAFETY:"));
            (opens && !said).then(|| format!("line {}", i + 1))
        };
        lines.iter().enumerate().filter_map(silent).collect()
    });
    assert!(found.is_empty(), "unsafe without a SAFETY comment: {found:#?}");
}

/// Sizes are examples to follow, not a gate (STYLE, part 3).
#[test]
fn sizes_over_the_limit_are_printed() {
    for source in product_sources() {
        let lines = source.code.lines().count();
        if lines > 600 {
            println!("{}: {lines} lines without tests (limit 600)", source.path);
        }
        for (name, length) in functions(&source.code) {
            if length > 80 {
                println!("{}: fn {name} has {length} lines (limit 80)", source.path);
            }
        }
    }
}

/// Where a pure crate may touch the world after all, and why.
const TOUCHES: [(&str, &str, &str); 11] = [
    ("config/src/secret", "getrandom", "nonces of the encryption and generated passwords"),
    ("config/src/db", "std::fs", "opens the database file and the key file"),
    ("config/src/db", "fs::File", "opens the database file and the key file"),
    ("config/src/key", "std::fs", "the key file"),
    ("config/src/key", "File::open", "the key file"),
    ("config/src/key", "getrandom", "secrets are made here"),
    ("config/src/key", "OsRng", "secrets are made here"),
    ("config/src/", "Utc::now", "the time of an audit entry"),
    ("config/src/", "SystemTime::now", "the time of an audit entry"),
    ("config/src/", "rand::rng", "generated passwords and nonces of the encryption"),
    ("pbx-core/src/passport", "SystemRandom", "nonces of ECDSA, on which nothing depends"),
];

fn faults(sources: &[Source], find: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    sources.iter().flat_map(|s| find(s).into_iter().map(|f| format!("{}: {f}", s.path))).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn pure_sources() -> Vec<Source> {
    PURE.iter().flat_map(|krate| sources(&format!("{krate}/src"))).collect()
}

fn product_sources() -> Vec<Source> {
    let mut all = pure_sources();
    all.extend(sources("src"));
    all.extend(sources("portal/src"));
    all
}

fn sources(under: &str) -> Vec<Source> {
    let root = root();
    files(&root.join(under), &["rs"])
        .into_iter()
        .filter(|p| {
            !relative(&root, p)
                .split('/')
                .any(|part| part == "tests" || part == "tests.rs" || part.ends_with("_tests.rs"))
        })
        .filter(|p| !is_test_module(p))
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            Source { path: relative(&root, &path), code: code(&text), text }
        })
        .collect()
}

/// Whether the file is declared as `#[cfg(test)] mod name;` beside or above it.
fn is_test_module(path: &Path) -> bool {
    let (folder, stem) = (path.parent().unwrap(), path.file_stem().unwrap().to_string_lossy().into_owned());
    let parents =
        [folder.join("mod.rs"), folder.join("lib.rs"), folder.join("main.rs"), folder.with_extension("rs")];
    parents.iter().filter_map(|p| fs::read_to_string(p).ok()).any(|text| {
        let declared = text.split("#[cfg(test)]").skip(1);
        declared.into_iter().any(|after| {
            let item = after.trim_start().lines().find(|l| !l.trim_start().starts_with("#["));
            item.is_some_and(|l| l.ends_with(&format!("mod {stem};")))
        })
    })
}

/// The text without test modules and without comments.
fn code(text: &str) -> String {
    let mut product = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("#[cfg(test)]") {
        product.push_str(&rest[..at]);
        let after = &rest[at + "#[cfg(test)]".len()..];
        // A module in braces is the last thing of a file; one declared only ends with its line.
        let end = after.find("mod ").map_or(0, |m| m + after[m..].find(['{', ';']).unwrap_or(0));
        rest = if after[end..].starts_with('{') { "" } else { &after[end..] };
    }
    product.push_str(rest);
    product.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn files(under: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = vec![];
    let mut folders = vec![under.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                let ours = !name.starts_with('.')
                    && !["target", "node_modules", "data", "test-results"].contains(&&*name);
                folders.extend(ours.then_some(path));
            } else if path.extension().is_some_and(|e| endings.iter().any(|x| e == *x)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

/// The names under `[dependencies]` of a crate's manifest.
fn dependencies(krate: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
    let section = manifest.split("\n[dependencies]").nth(1).unwrap_or("");
    let lines = section.lines().skip(1).take_while(|l| !l.starts_with('['));
    lines
        .filter_map(|l| l.split(['.', '=', ' ']).next())
        .filter(|n| !n.is_empty())
        .map(str::to_owned)
        .collect()
}

/// `module → modules it names` over the top-level modules of a crate.
fn module_edges(krate: &str) -> BTreeMap<String, BTreeSet<String>> {
    let module_of = |path: &str| {
        let inside = path.split("/src/").nth(1).unwrap();
        inside.split('/').next().unwrap().trim_end_matches(".rs").to_owned()
    };
    let all = sources(&format!("{krate}/src"));
    let names: BTreeSet<_> =
        all.iter().map(|s| module_of(&s.path)).filter(|m| m != "lib" && m != "main").collect();
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in &all {
        let from = module_of(&source.path);
        if names.contains(&from) {
            // The crate's root re-exports `resources::access`: naming it is naming that room.
            let room = |m: String| if krate == "config" && m == "access" { "resources".into() } else { m };
            let to = named_modules(&source.code).into_iter().map(room);
            let to = to.filter(|m| names.contains(m) && *m != from);
            edges.entry(from.clone()).or_default().extend(to);
        }
    }
    edges
}

/// What follows `crate::`, one or several in braces.
fn named_modules(code: &str) -> Vec<String> {
    let word =
        |t: &str| t.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = vec![];
    for after in code.split("crate::").skip(1) {
        let Some(list) = after.strip_prefix('{') else {
            found.push(word(after));
            continue;
        };
        let mut depth = 1;
        let mut item = String::new();
        for c in list.chars() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 || (depth == 1 && c == ',') {
                found.push(word(&item));
                item.clear();
            } else {
                item.push(c);
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

fn way_back(edges: &BTreeMap<String, BTreeSet<String>>, start: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in edges.get(way.last().unwrap()).into_iter().flatten() {
            let longer: Vec<_> = way.iter().cloned().chain([next.clone()]).collect();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}

/// Name and number of lines of each function, by rustfmt's indentation.
fn functions(code: &str) -> Vec<(String, usize)> {
    let lines: Vec<_> = code.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, l)| {
        let l = l
            .trim_start()
            .trim_start_matches("pub ")
            .trim_start_matches("pub(super) ")
            .trim_start_matches("pub(crate) ");
        l.starts_with("fn ") || l.starts_with("async fn ") || l.starts_with("const fn ")
    });
    starts
        .map(|(at, line)| {
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines[at..].iter().position(|l| **l == end).unwrap_or(0) + 1;
            let name =
                line.split("fn ").nth(1).unwrap_or("").split(['(', '<']).next().unwrap_or("").to_owned();
            (name, length)
        })
        .collect()
}
