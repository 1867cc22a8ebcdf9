// Package e2e tests the haihe binary from outside, as people and other programs use it: started, asked over HTTP
// and websocket, fed by a Kafka client, stopped, killed and started again. It holds nothing but tests.
//
// Environment:
//
//	HAIHE_KILL_ROUNDS      rounds of kill -9 (default 4), each looked at by haihe ledger audit and verify
//	HAIHE_CLUSTER_ROUNDS   the same on three brokers and two instances, any of which is killed (default 3)
//	HAIHE_CLUSTER_FAULTS   1: what else may happen to a cluster, about three minutes of it
//	HAIHE_LATENCY_EVENTS   events to measure from Kafka to the websocket (default 5)
//	HAIHE_LOAD_ARGS        flags of haihe bench load for BenchmarkLoadOnKafka
//	HAIHE_KAFKA_LIBS       jars of Apache Kafka; without them its tests are skipped
package e2e
