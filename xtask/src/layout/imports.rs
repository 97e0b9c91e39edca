//! No import cycles between the top-level modules of a crate: Cargo keeps crates acyclic, this keeps their insides so.
//!
//! A module folder counts as one module. The crate root is not part of the graph, as it exists to re-export; a path
//! that goes through such a re-export counts as a path to where the item really lives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{Item, UseTree};

use super::report::Report;
use super::source::{self, Source};
use crate::tree;

/// Modules, each with the modules it uses and the first place where it does.
type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// Checks one crate; `sources` are its files below `folder`, its `src`.
pub(super) fn check(folder: &Path, sources: &[Source], report: &mut Report) {
    let graph = graph(folder, sources);
    for circle in circles(&graph) {
        let mut message = format!("{}: modules import each other in a circle:", tree::shown(folder));
        for (from, to) in circle.iter().flat_map(|from| circle.iter().map(move |to| (from, to))) {
            if let Some(place) = graph.get(from).and_then(|uses| uses.get(to)) {
                message.push_str(&format!("\n    {from} uses {to} ({place})"));
            }
        }
        report.fail(message);
    }
}

fn graph(folder: &Path, sources: &[Source]) -> Graph {
    let mut modules = BTreeSet::new();
    let mut exports = BTreeMap::new();
    for source in sources {
        let path = module_path(folder, &source.path);
        match path.first() {
            Some(module) => {
                modules.insert(module.clone());
            }
            None => root_exports(source, &mut exports),
        }
    }
    let mut graph = Graph::new();
    for source in sources {
        let path = module_path(folder, &source.path);
        let mut finder = Finder { path, modules: &modules, exports: &exports, found: Vec::new() };
        finder.visit_file(&source.file);
        for (from, to, line) in finder.found {
            let place = format!("{}:{line}", tree::shown(&source.path));
            graph.entry(from).or_default().entry(to).or_insert(place);
        }
    }
    graph
}

/// The module that a file holds: empty for the root, `["a", "b"]` for `a/b.rs` and `a/b/mod.rs`.
fn module_path(folder: &Path, file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(folder).unwrap_or(file).with_extension("");
    let mut path: Vec<String> =
        relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let is_root = path.len() == 1 && path.first().is_some_and(|name| name == "lib" || name == "main");
    if is_root || path.last().is_some_and(|name| name == "mod") {
        path.pop();
    }
    path
}

/// Notes under which names the root re-exports items, and of which modules they are.
fn root_exports(root: &Source, exports: &mut BTreeMap<String, String>) {
    for item in &root.file.items {
        if let Item::Use(item) = item {
            exported(&item.tree, None, exports);
        }
    }
}

fn exported(tree: &UseTree, module: Option<&str>, exports: &mut BTreeMap<String, String>) {
    let mut note = |name: String| {
        if let Some(module) = module {
            exports.insert(name, module.to_owned());
        }
    };
    match tree {
        UseTree::Path(path) => {
            let name = path.ident.to_string();
            let first = module.or(Some(name.as_str())).filter(|name| *name != "crate" && *name != "self");
            exported(&path.tree, first, exports);
        }
        UseTree::Name(name) => note(name.ident.to_string()),
        UseTree::Rename(rename) => note(rename.rename.to_string()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| exported(tree, module, exports)),
        UseTree::Glob(_) => {}
    }
}

/// Collects which module uses which, outside of tests.
struct Finder<'a> {
    path: Vec<String>,
    modules: &'a BTreeSet<String>,
    exports: &'a BTreeMap<String, String>,
    found: Vec<(String, String, usize)>,
}

impl Finder<'_> {
    fn note(&mut self, path: &[String], line: usize) {
        let Some(from) = self.path.first() else { return };
        let Some(to) = self.target(path) else { return };
        if from != to {
            self.found.push((from.clone(), to.clone(), line));
        }
    }

    /// The top-level module that a path leads to, if it begins with `crate` or climbs up to the root.
    fn target<'s>(&'s self, path: &'s [String]) -> Option<&'s String> {
        let (first, mut rest) = path.split_first()?;
        if first == "super" {
            let mut depth = self.path.len().checked_sub(1)?;
            while let Some(("super", after)) = rest.split_first().map(|(name, after)| (name.as_str(), after))
            {
                depth = depth.checked_sub(1)?;
                rest = after;
            }
            if depth > 0 {
                return None;
            }
        } else if first != "crate" {
            return None;
        }
        let name = rest.first()?;
        self.modules
            .get(name)
            .or_else(|| self.exports.get(name))
            .filter(|module| self.modules.contains(*module))
    }

    fn note_in_macro(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(group) = token {
                self.note_in_macro(group.stream());
            }
            if let (TokenTree::Ident(word), Some(TokenTree::Ident(name))) = (token, tokens.get(at + 3)) {
                self.note(&[word.to_string(), name.to_string()], word.span().start().line);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !source::is_for_tests(source::attributes(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_some() {
            self.path.push(item.ident.to_string());
            syn::visit::visit_item_mod(self, item);
            self.path.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut paths = Vec::new();
        source::spelled_out(&item.tree, &[], &mut paths);
        for path in paths {
            self.note(&path, item.span().start().line);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.note(&names, path.span().start().line);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.note_in_macro(call.tokens.clone());
        syn::visit::visit_macro(self, call);
    }

    /// `pub(in crate::a)` names a module without using it.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}
}

/// Groups of modules that can reach each other, each group once.
fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|module| (module, reachable(graph, module))).collect();
    let reaches = |from: &String, to: &String| reach.get(from).is_some_and(|found| found.contains(to));
    let mut circles: Vec<Vec<String>> = Vec::new();
    for module in graph.keys().filter(|module| reaches(module, module)) {
        if !circles.iter().any(|circle| circle.contains(module)) {
            let circle = graph.keys().filter(|other| reaches(module, other) && reaches(other, module));
            circles.push(circle.cloned().collect());
        }
    }
    circles
}

fn reachable<'g>(graph: &'g Graph, from: &String) -> BTreeSet<&'g String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&String> = graph.get(from).into_iter().flat_map(BTreeMap::keys).collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(graph.get(module).into_iter().flat_map(BTreeMap::keys));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| Source::parse(&Path::new("/c/src").join(path), text).unwrap())
            .collect();
        circles(&graph(Path::new("/c/src"), &sources)).into_iter().map(|circle| circle.join(" ")).collect()
    }

    #[test]
    fn a_line_of_uses_is_fine() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
            ("a.rs", "use crate::b::B; use super::b; fn f() { crate::b::g() }"),
            ("b/mod.rs", "mod c; use self::c::C;"),
            ("b/c.rs", "use super::B; use crate::b::d; use std::a;"),
        ];
        assert_eq!(circles_of(&files), [""; 0]);
    }

    #[test]
    fn circles_are_found_by_use_path_macro_and_root_export() {
        for text in [
            "use crate::a::X;",
            "use crate::{std, a::X};",
            "use super::a;",
            "fn f() -> crate::a::X {}",
            "fn f() { vec![(crate::a::x())]; }",
            "use crate::A;",
            "use crate::Renamed;",
            "mod inner { use super::super::a; }",
        ] {
            let files =
                [("lib.rs", "pub use a::{A, y as Renamed};"), ("a.rs", "use crate::b;"), ("b/mod.rs", text)];
            assert_eq!(circles_of(&files), ["a b"], "{text}");
        }
        let three = [("a.rs", "use crate::b;"), ("b.rs", "use crate::c;"), ("c.rs", "use crate::a;")];
        assert_eq!(circles_of(&three), ["a b c"]);
    }

    #[test]
    fn what_is_no_use_makes_no_circle() {
        for text in [
            "/// See [`crate::a::X`].\nfn f() {}",
            "#[cfg(test)]\nmod tests { use crate::a; }",
            "pub(in crate::a) fn f() {}",
            "mod inner { use super::a; }",
            "use crate::Unknown;",
        ] {
            assert_eq!(circles_of(&[("a.rs", "use crate::b;"), ("b.rs", text)]), [""; 0], "{text}");
        }
    }
}
