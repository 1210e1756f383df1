"""Experiments: sweeps that cannot be lost, and answers made from them. Everything here uses `abm` from outside.

The rooms, each to be read in the order given:

Questions           q01 ... q10, patterns; question, question_worlds, question_words, question_figures, question_files;
                    reproduce, reproduce_check, blocks
A sweep, described  responses, study, study_check, study_points, design, models, identity, plan, pilot
A sweep, run        runner, drive, work, engine_local, engine_cluster; store, shards, rows, lock, reading, swept,
                    run_folder
Sensitivity         sensitivity, sensitivity_checks, sensitivity_files, indices, indices_given
Scenario discovery  discovery, discovery_box, discovery_files
Calibration         calibration, calibration_sweeps, calibration_files, histories, posterior, posterior_file,
                    regression, scales, coverage
Predictions         predictions, forecast, observed, scores, baselines, baseline_flows
Packages and games  frontier, search, shadow, duel, game; packages, package_runs, package_figures, evaluations, costs,
                    bills
Figures             figures/

A study is a file in `studies/`; how to run one on a cluster is in `cluster.md`.
"""
