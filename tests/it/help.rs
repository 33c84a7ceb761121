//! What the program says of itself, word for word.

#[test]
fn help_and_mistakes_of_usage() {
    trycmd::TestCases::new().case("tests/it/cmd/*.trycmd");
}

#[test]
fn every_id_in_the_help_can_be_explained() {
    let help = std::fs::read_to_string("src/cli.rs").expect("the command line");
    let ids: Vec<&str> = help
        .split("whymean explain ")
        .skip(1)
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|word| {
            word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') && !word.starts_with('-')
        })
        .filter(|word| word.contains('-'))
        .collect();
    assert!(!ids.is_empty());
    for id in ids {
        assert!(whymean::judge::explain(id).is_some(), "`{id}` is in the help and cannot be explained");
    }
}
