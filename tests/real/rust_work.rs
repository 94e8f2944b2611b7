//! Generic code for rustc to chew on.
use std::collections::{BTreeMap, HashMap, VecDeque};

macro_rules! shapes {
    ($($name:ident $size:expr),*) => { $(
        #[derive(Clone, Debug, PartialEq, PartialOrd)]
        pub struct $name { name: String, values: [f64; $size], next: Option<Box<$name>> }
        impl $name {
            pub fn grow(&mut self, by: f64) -> BTreeMap<String, Vec<f64>> {
                let mut map = BTreeMap::new();
                for (i, value) in self.values.iter_mut().enumerate() {
                    *value *= by;
                    map.entry(format!("{}{i}", self.name)).or_insert_with(Vec::new).push(*value);
                }
                if let Some(next) = &mut self.next { map.extend(next.grow(by)); }
                map
            }
            pub fn group(all: &[$name]) -> HashMap<String, VecDeque<$name>> {
                let mut map: HashMap<String, VecDeque<$name>> = HashMap::new();
                for one in all { map.entry(one.name.clone()).or_default().push_back(one.clone()); }
                map.values_mut().for_each(|list| list.make_contiguous().sort_by(|a, b| a.partial_cmp(b).unwrap()));
                map
            }
        }
    )* };
}
shapes!(A 1, B 2, C 3, D 4, E 5, F 6, G 7, H 8);

fn main() {
    println!("{}", A::group(&[]).len() + H::group(&[]).len());
}
