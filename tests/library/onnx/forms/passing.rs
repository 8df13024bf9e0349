//! What does nothing to a value.

use super::constants::whole;
use super::{Forms, Value};

impl Forms {
    /// The value, perhaps behind a node that does nothing.
    pub(super) fn passed(&mut self, value: Value) -> Value {
        if self.chance(0.5) {
            return value;
        }
        let mut forms = vec![
            "passing: Identity",
            "passing: Dropout",
            "passing: Cast",
            "passing: Reshape",
            "passing: Flatten",
            "passing: Unsqueeze",
            "passing: Transpose",
            "passing: times one",
            "passing: plus nothing",
            "passing: turned twice",
        ];
        if value.size > 1 {
            forms.push("passing: in two parts");
        }
        let (x, size) = (value.name.as_str(), whole(value.size));
        let name = match self.choose(&forms) {
            "passing: Identity" => self.apply("Identity", &[x]),
            "passing: Dropout" => self.apply("Dropout", &[x]),
            "passing: Cast" => {
                let kind = self.kind;
                self.apply_with("Cast", &[x], |node| node.integer("to", kind))
            }
            "passing: Reshape" => {
                let target = if self.chance(0.5) { [-1, size] } else { [0, -1] };
                self.reshaped(x, &target)
            }
            "passing: Flatten" => self.flat(value.clone()).name,
            "passing: Unsqueeze" => {
                let axes: &[i64] = if self.chance(0.5) { &[2] } else { &[1, 3] };
                let wide = self.unsqueezed(x, axes);
                self.squeezed(&wide, axes)
            }
            "passing: Transpose" => {
                let wide = self.unsqueezed(x, &[1]);
                let turn = |forms: &mut Self, x: &str| {
                    forms.apply_with("Transpose", &[x], |node| node.integers("perm", &[0, 2, 1]))
                };
                let turned = turn(self, &wide);
                let back = turn(self, &turned);
                self.squeezed(&back, &[1])
            }
            "passing: times one" => {
                let one = self.number(1.0);
                if self.chance(0.5) {
                    self.of_two("Mul", x, &one)
                } else {
                    self.apply("Div", &[x, &one])
                }
            }
            "passing: plus nothing" => {
                let nothing = self.numbers(&[value.size], &vec![0.0; value.size]);
                self.of_two("Add", x, &nothing)
            }
            "passing: turned twice" => {
                let places: Vec<i64> = (0..size).rev().collect();
                let turn = |forms: &mut Self, x: &str| {
                    let places = forms.integers(&places);
                    forms.apply_with("Gather", &[x, &places], |node| node.integer("axis", 1))
                };
                let turned = turn(self, x);
                turn(self, &turned)
            }
            _ => {
                let first = self.random_place(value.size);
                let (front, back) = (self.sliced(x, 0, first), self.sliced(x, first, value.size));
                self.apply_with("Concat", &[&front, &back], |node| node.integer("axis", -1))
            }
        };
        Value { name, ..value }
    }

    /// A value of any shape as rows × size.
    pub(super) fn flat(&mut self, value: Value) -> Value {
        let name = match self.choose(&["flat: Flatten", "flat: Reshape"]) {
            "flat: Flatten" => self.apply("Flatten", &[&value.name]),
            _ => self.reshaped(&value.name, &[-1, whole(value.size)]),
        };
        Value { name, ..value }
    }
}
