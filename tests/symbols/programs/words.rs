// Traits, closures and generics, for names of both schemes.
use std::collections::HashMap;

trait Weigh {
    fn weigh(&self) -> usize;
}

impl Weigh for String {
    fn weigh(&self) -> usize {
        self.bytes().map(|b| (b as usize) & 15).sum()
    }
}

#[inline(never)]
fn heaviest<T: Weigh>(items: &[T]) -> Option<&T> {
    items.iter().max_by_key(|item| item.weigh())
}

#[inline(never)]
pub fn tally(words: &[String]) -> HashMap<&str, usize> {
    let mut seen = HashMap::new();
    for word in words {
        *seen.entry(word.as_str()).or_insert(0) += word.weigh();
    }
    seen
}

fn main() {
    let words: Vec<String> = std::env::args().flat_map(|a| vec![a.clone(), a + "x"]).collect();
    println!("{:?} {:?}", heaviest(&words), tally(&words).len());
}
