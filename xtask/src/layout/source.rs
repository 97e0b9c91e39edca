//! One Rust file, read once for all checks: its tokens, its `use` paths, its functions, and which lines are tests.
//!
//! Comments are no tokens and strings are not looked into, so a check for a word finds code only.

use std::path::{Path, PathBuf};

use proc_macro2::{LineColumn, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{Attribute, ImplItem, Item, UseTree};

use crate::{Failure, tree};

/// A file, taken apart.
pub(crate) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) file: syn::File,
    /// First and last line of whatever is compiled for tests only.
    test_lines: Vec<(usize, usize)>,
    tokens: Vec<Token>,
}

/// A word or a mark of the code.
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
    pub(super) in_test: bool,
}

/// A function with a body.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    /// The lines between its braces.
    pub(super) lines: usize,
    pub(super) in_test: bool,
}

impl Source {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Self::parse(path, &tree::read(path)?)
    }

    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", tree::shown(path));
        let file = syn::parse_file(text).map_err(|error| wrong(&error))?;
        let mut tests = Tests::default();
        tests.visit_file(&file);
        let mut source = Self {
            path: path.to_path_buf(),
            text: text.to_owned(),
            file,
            test_lines: tests.lines,
            tokens: Vec::new(),
        };
        let stream: TokenStream = text.parse().map_err(|error| wrong(&error))?;
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        source.tokens = tokens
            .into_iter()
            .map(|(text, line)| Token { text, line, in_test: source.is_test(line) })
            .collect();
        Ok(source)
    }

    /// Whether a line belongs to tests: by `#[cfg(test)]`, or because the whole file does.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.is_test_file() || self.test_lines.iter().any(|(first, last)| (*first..=*last).contains(&line))
    }

    fn is_test_file(&self) -> bool {
        let relative = self.path.strip_prefix(tree::root()).unwrap_or(&self.path);
        relative.with_extension("").components().any(|part| part.as_os_str() == "tests")
    }

    /// How many lines there are without the tests at the bottom.
    pub(super) fn lines(&self) -> usize {
        let tests: usize = self.test_lines.iter().map(|(first, last)| last - first + 1).sum();
        self.text.lines().count().saturating_sub(tests)
    }

    /// Where these tokens stand one after the other.
    pub(super) fn find<'a>(&'a self, words: &'a [&str]) -> impl Iterator<Item = &'a Token> {
        self.tokens
            .windows(words.len())
            .filter(|window| window.iter().map(|token| token.text.as_str()).eq(words.iter().copied()))
            .filter_map(|window| window.first())
    }

    /// What follows these tokens in code that is no test.
    pub(crate) fn words_after<'a>(&'a self, words: &'a [&str]) -> impl Iterator<Item = String> + 'a {
        self.tokens
            .windows(words.len() + 1)
            .filter(|window| !window.iter().any(|token| token.in_test))
            .filter(move |window| window.iter().zip(words).all(|(token, word)| token.text == *word))
            .filter_map(|window| window.last().map(|token| token.text.clone()))
    }

    /// The paths that `use` items outside of tests name, spelled out, with their lines.
    pub(super) fn use_paths(&self) -> Vec<(Vec<String>, usize)> {
        let mut uses = Uses { paths: Vec::new() };
        uses.visit_file(&self.file);
        uses.paths.retain(|(_, line)| !self.is_test(*line));
        uses.paths
    }

    pub(super) fn functions(&self) -> Vec<Function> {
        let mut functions = Functions { source: self, found: Vec::new() };
        functions.visit_file(&self.file);
        functions.found
    }
}

/// Whether an item is compiled for tests only.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let condition = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
        let mut words = condition.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        !condition.contains("not") && words.any(|word| word == "test")
    })
}

/// The attributes of an item.
pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Spells out the paths of a `use` tree; a renamed item keeps its own name.
pub(super) fn spelled_out(tree: &UseTree, before: &[String], paths: &mut Vec<Vec<String>>) {
    let with = |name: String| [before, &[name]].concat();
    match tree {
        UseTree::Path(path) => spelled_out(&path.tree, &with(path.ident.to_string()), paths),
        UseTree::Name(name) => paths.push(with(name.ident.to_string())),
        UseTree::Rename(rename) => paths.push(with(rename.ident.to_string())),
        UseTree::Glob(_) => paths.push(with("*".to_owned())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| spelled_out(tree, before, paths)),
    }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<(String, usize)>) {
    for token in stream {
        let line = token.span().start().line;
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                tokens.push((open.to_owned(), line));
                flatten(group.stream(), tokens);
                tokens.push((close.to_owned(), group.span_close().end().line));
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => match tokens.last_mut() {
                Some((before, _)) if before == ":" => *before = "::".to_owned(),
                _ => tokens.push((":".to_owned(), line)),
            },
            TokenTree::Literal(_) => tokens.push(("literal".to_owned(), line)),
            other => tokens.push((other.to_string(), line)),
        }
    }
}

/// Finds what is compiled for tests only.
#[derive(Default)]
struct Tests {
    lines: Vec<(usize, usize)>,
}

impl Tests {
    fn note(&mut self, start: LineColumn, end: LineColumn) {
        self.lines.push((start.line, end.line));
    }
}

impl<'ast> Visit<'ast> for Tests {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_for_tests(attributes(item)) {
            self.note(item.span().start(), item.span().end());
        } else {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        match item {
            ImplItem::Fn(function) if is_for_tests(&function.attrs) => {
                self.note(item.span().start(), item.span().end());
            }
            _ => syn::visit::visit_impl_item(self, item),
        }
    }
}

struct Uses {
    paths: Vec<(Vec<String>, usize)>,
}

impl<'ast> Visit<'ast> for Uses {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut paths = Vec::new();
        spelled_out(&item.tree, &[], &mut paths);
        let line = item.span().start().line;
        self.paths.extend(paths.into_iter().map(|path| (path, line)));
    }
}

struct Functions<'a> {
    source: &'a Source,
    found: Vec<Function>,
}

impl Functions<'_> {
    fn note(&mut self, name: &syn::Ident, body: &syn::Block) {
        let (start, end) = (body.span().start().line, body.span().end().line);
        let line = name.span().start().line;
        self.found.push(Function {
            name: name.to_string(),
            line,
            lines: (end - start).saturating_sub(1),
            in_test: self.source.is_test(line),
        });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.note(&function.sig.ident, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.note(&function.sig.ident, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.note(&function.sig.ident, body);
        }
        syn::visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse("crates/x/src/y.rs".as_ref(), text).unwrap()
    }

    #[test]
    fn tests_are_set_apart() {
        let source = source("fn a() {\n    b();\n}\n#[cfg(test)]\nmod tests {\n    fn c() {}\n}\n");
        assert_eq!(source.lines(), 3);
        assert!(!source.is_test(2) && source.is_test(4) && source.is_test(6));
        let functions: Vec<_> =
            source.functions().into_iter().map(|f| (f.name, f.lines, f.in_test)).collect();
        assert_eq!(functions, [("a".to_owned(), 1, false), ("c".to_owned(), 0, true)]);
    }

    #[test]
    fn words_are_found_in_code_only() {
        let source =
            source("// std::net\nconst A: &str = \"std::net\";\nuse std::net::X;\n/// std::net\nfn a() {}");
        assert_eq!(source.find(&["std", "::", "net"]).map(|token| token.line).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn use_trees_are_spelled_out() {
        let source = source("use crate::{a, b::{C, d as e}, f::*};");
        let paths: Vec<String> = source.use_paths().into_iter().map(|(path, _)| path.join("::")).collect();
        assert_eq!(paths, ["crate::a", "crate::b::C", "crate::b::d", "crate::f::*"]);
    }
}
