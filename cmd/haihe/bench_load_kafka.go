package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// bareTopic is where the peer writes; no service reads it.
const bareTopic = "haihe-bench.bare"

// bareRecordBytes is about what an entry of the ledger takes.
const bareRecordBytes = 800

func makeBareTopic(ctx context.Context, brokers []string, partitions int) error {
	k := &kafka.Client{Addr: kafka.TCP(brokers...), Timeout: 10 * time.Second}
	replicas := min(3, len(brokers))
	answer, err := k.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: bareTopic, NumPartitions: partitions, ReplicationFactor: replicas}}})
	if err != nil {
		return err
	}
	if err := answer.Errors[bareTopic]; err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
		return err
	}
	return nil
}

// bareWrites is the peer of the decisions: as many clients, each writing one record after another and waiting until the
// broker has it on the disk. Nothing is decided, checked or read back.
func (b *loadBench) bareWrites(ctx context.Context, brokers []string) (loadLine, error) {
	if err := makeBareTopic(ctx, brokers, 1); err != nil {
		return loadLine{}, err
	}
	w := &kafka.Writer{Addr: kafka.TCP(brokers...), Topic: bareTopic, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, BatchSize: 500}
	defer w.Close()
	value := make([]byte, bareRecordBytes)
	running, cancel := context.WithTimeout(ctx, b.lasting)
	defer cancel()
	took := make([][]float64, b.clients)
	begun := time.Now()
	var wg sync.WaitGroup
	for c := range b.clients {
		wg.Go(func() {
			for running.Err() == nil {
				sent := time.Now()
				if err := w.WriteMessages(running, kafka.Message{Value: value}); err != nil {
					return
				}
				took[c] = append(took[c], time.Since(sent).Seconds()*1000)
			}
		})
	}
	wg.Wait()
	lasted := time.Since(begun).Seconds()
	all := slices.Concat(took...)
	if len(all) == 0 {
		return loadLine{}, errors.New("the bare producer could write nothing")
	}
	slices.Sort(all)
	return loadLine{fmt.Sprintf("bare kafka-go producer, %d clients, a record each at a time", b.clients),
		fmt.Sprintf("%.0f/s; p50 %.1f, p99 %.1f, p99.9 %.1f ms", float64(len(all))/lasted, at(all, .5), at(all, .99), at(all, .999)), "peer"}, nil
}
