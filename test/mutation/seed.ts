import fc from 'fast-check';

/** The same examples in each run: a change of the code is noticed always or never. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_260_102 });
