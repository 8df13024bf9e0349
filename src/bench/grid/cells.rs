//! What is crossed: settings of a problem's solve into variants.

use std::rc::Rc;

use super::CompareOptions;
use crate::bench::variant::{Value, Variant, crossed};
use crate::optimize::{Method, OptimizeOptions};
use crate::scale::Scaling;

/// A variant, and how it is solved.
pub(super) struct Cell {
    pub variant: Variant,
    pub options: OptimizeOptions,
}

/// A value of an option of the command line, and what it sets.
#[derive(Clone)]
struct Setting {
    option: &'static str,
    value: String,
    set: Rc<dyn Fn(&mut OptimizeOptions)>,
}

fn settings<T: Copy + 'static>(
    option: &'static str,
    values: &[T],
    name: impl Fn(T) -> String,
    set: fn(&mut OptimizeOptions, T),
) -> Vec<Setting> {
    let setting = |&value: &T| Setting {
        option,
        value: name(value),
        set: Rc::new(move |options| set(options, value)),
    };
    values.iter().map(setting).collect()
}

const THREADS: &str = "threads";

/// A variant for each number of threads; one alone belongs to no name.
pub(super) fn by_threads(threads: &[usize]) -> Vec<(Variant, usize)> {
    let variant = |&count: &usize| {
        let told = (threads.len() > 1).then(|| (THREADS, Value::Word(count.to_string())));
        (Variant::of(told.as_slice()), count)
    };
    threads.iter().map(variant).collect()
}

impl CompareOptions {
    /// The rows to come.
    pub(super) fn cells(&self) -> Vec<Cell> {
        self.methods
            .iter()
            .flat_map(|&method| crossed(&self.lists(method)))
            .map(|c| self.cell(&c))
            .collect()
    }

    fn lists(&self, method: Method) -> Vec<Vec<Setting>> {
        let mut lists = vec![
            settings("solver", &[method], |m| m.name().to_string(), |o, method| o.method = method),
            settings(
                THREADS,
                &self.threads,
                |threads| threads.to_string(),
                |o, threads| (o.solve.threads, o.tightening.threads) = (threads, threads),
            ),
        ];
        if method == Method::Milp {
            let scale =
                |scale: Option<&dyn Scaling>| scale.map_or("none", |s| s.name()).to_string();
            lists.extend([
                settings(
                    "tighten",
                    &self.tightenings,
                    |t| t.name().to_string(),
                    |o, t| o.tighten = t,
                ),
                settings("scale", &self.scalings, scale, |o, scale| o.scale = scale),
                settings("encoding", &self.encodings, |e| e.name().into(), |o, e| o.encoding = e),
            ]);
        }
        lists
    }

    fn cell(&self, settings: &[Setting]) -> Cell {
        let mut options = self.base.clone();
        settings.iter().for_each(|setting| (setting.set)(&mut options));
        let told = settings.iter().filter(|s| s.option != THREADS || self.threads.len() > 1);
        let told = told.map(|s| (s.option, Value::Word(s.value.clone())));
        Cell { variant: Variant::of(&told.collect::<Vec<_>>()), options }
    }
}

impl Cell {
    /// Whether two programs stand on the same bounds.
    pub fn shares_bounds_with(&self, other: &Self) -> bool {
        let of = |cell: &Self| (cell.options.tighten.name(), cell.options.tightening.threads);
        of(self) == of(other)
    }
}
