//! As much of Markdown as the tests of the pages need: fenced blocks, prose, headings.

/// A fenced block.
#[derive(Debug, PartialEq)]
pub struct Block<'a> {
    /// The first word behind the opening fence.
    pub language: &'a str,
    /// The lines between the fences.
    pub text: &'a str,
}

/// The fenced blocks of a page, in order.
pub fn blocks(page: &str) -> impl Iterator<Item = Block<'_>> {
    // Every second piece between fences at the beginning of a line is a block.
    let pieces = page.split("\n```").enumerate().filter(|(index, _)| index % 2 == 1);
    pieces.map(|(_, piece)| {
        let (info, text) = piece.split_once('\n').unwrap_or((piece, ""));
        Block { language: info.split(' ').next().unwrap_or(""), text }
    })
}

/// The lines of a page outside of fenced blocks, with their numbers from 1, without code in
/// backticks: nothing in it is a link.
pub fn prose(page: &str) -> Vec<(usize, String)> {
    let mut in_block = false;
    let mut lines = Vec::new();
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            lines.push((index + 1, line.to_owned()));
        }
    }
    lines
}

/// The anchors that GitHub gives the headings of a page: lower case, blanks as hyphens,
/// other punctuation left out, repeated ones numbered.
pub fn anchors(page: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (_, line) in prose(page) {
        let text = line.trim_start_matches('#');
        if text.len() == line.len() || !text.starts_with(' ') {
            continue;
        }
        let slug: String = text
            .trim()
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let repeated = (1..).map(|count| format!("{slug}-{count}"));
        let mut names = std::iter::once(slug.clone()).chain(repeated);
        anchors.extend(names.find(|name| !anchors.contains(name)));
    }
    anchors
}

#[test]
fn blocks_prose_and_anchors() {
    let page = "# What a word (means)\n\n```sh\n# no heading\n```\n\ntext\n\n## A\n## A\n";
    let found: Vec<Block> = blocks(page).collect();
    assert_eq!(found, [Block { language: "sh", text: "# no heading" }]);
    assert_eq!(anchors(page), ["what-a-word-means", "a", "a-1"]);
    let lines: Vec<usize> = prose(page).iter().map(|(number, _)| *number).collect();
    assert_eq!(lines, [1, 2, 6, 7, 8, 9, 10]);
}
