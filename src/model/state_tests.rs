//! Copies, checkpoints, and what is refused as one.

use tch::{Device, Kind, Tensor};

use super::{
    test_support::torch,
    tests::{bits, net},
};

#[test]
fn a_copy_has_storage_of_its_own() {
    let _torch = torch();
    let net = net(1);
    let before = bits(&net.state());
    let copy = net.copy();
    assert_eq!(bits(&copy.state()), before);
    tch::no_grad(|| {
        for (_, mut tensor) in copy.state() {
            let _ = tensor.fill_(9.0);
        }
    });
    assert_eq!(bits(&net.state()), before);
    assert!(copy.parameters().iter().all(|parameter| parameter.tensor.requires_grad()));
    assert!(copy.parameters().iter().all(|parameter| parameter.tensor.is_leaf()));
}

#[test]
fn a_state_is_restored_in_place_to_the_last_bit() {
    let _torch = torch();
    let (from, mut to) = (net(1), net(2));
    let storage: Vec<_> = to.parameters().iter().map(|parameter| parameter.tensor.data_ptr()).collect();
    to.load_state(&from.state()).expect("the same architecture");
    assert_eq!(bits(&to.state()), bits(&from.state()));
    let after: Vec<_> = to.parameters().iter().map(|parameter| parameter.tensor.data_ptr()).collect();
    assert_eq!(storage, after);
    assert!(to.parameters().iter().all(|parameter| parameter.tensor.requires_grad()));
}

#[test]
fn a_wrong_state_is_refused_by_name_and_changes_nothing() {
    let _torch = torch();
    let mut net = net(1);
    let before = bits(&net.state());
    let state = super::tests::net(2).state();
    let twin = |tensor: &Tensor| tensor.shallow_clone();
    let good = || -> Vec<_> { state.iter().map(|(name, tensor)| (name.clone(), twin(tensor))).collect() };
    let missing = good().into_iter().filter(|(name, _)| name != "batch_norm_1.running_var").collect();
    let mut extra = good();
    extra.push(("dense_9.weight".to_owned(), Tensor::zeros([1], (Kind::Float, Device::Cpu))));
    let mut twice = good();
    twice.push((state[0].0.clone(), twin(&state[0].1)));
    let mut misshaped = good();
    misshaped[1].1 = Tensor::zeros([4], (Kind::Float, Device::Cpu));
    let mut double = good();
    double[0].1 = double[0].1.to_kind(Kind::Double);
    let messages: Vec<String> = [missing, extra, twice, misshaped, double]
        .into_iter()
        .map(|state: Vec<(String, Tensor)>| net.load_state(&state).expect_err("planted").to_string())
        .collect();
    insta::assert_snapshot!(messages.join("\n"));
    assert_eq!(bits(&net.state()), before);
}
