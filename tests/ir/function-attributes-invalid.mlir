// RUN: ricci-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{argument 0 has 2 axes and 1 strides}}
func.func private @count(tensor<3x4xf32> {ricci.strides = array<i64: 1>})

// -----

// expected-error @+1 {{argument 0: 'ricci.strides' must be of the form array<i64: …>}}
func.func private @form(tensor<3x4xf32> {ricci.strides = 1})

// -----

// expected-error @+1 {{argument 0 has 'ricci.strides' and is no ranked tensor}}
func.func private @type(f32 {ricci.strides = array<i64>})

// -----

// expected-error @+1 {{result 0 has 0 axes and 1 strides}}
func.func private @result() -> (tensor<f32> {ricci.strides = array<i64: 1>})

// -----

// expected-error @+1 {{argument 0 has an attribute 'ricci.order' unknown to the ricci dialect}}
func.func private @unknown(tensor<f32> {ricci.order})

// -----

// expected-error @+1 {{has an attribute 'ricci.order' unknown to the ricci dialect}}
func.func private @unknown_of_function() attributes {ricci.order}

// -----

// expected-error @+1 {{has 'ricci.accumulate', which only functions have}}
module attributes {ricci.accumulate} {}

// -----

// expected-error @+1 {{has 'ricci.entry' with a value}}
func.func private @value() attributes {ricci.entry = 1}
