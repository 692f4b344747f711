//go:build ignore

// Writes data/pinyin.txt from github.com/mozillazg/go-pinyin (MIT), which the server itself does not need. In an empty folder:
//
//	go mod init gen && go get github.com/mozillazg/go-pinyin@v0.21.0 && cp .../gen_pinyin.go . && go run gen_pinyin.go .../nlu/norm/t2s.txt > pinyin.txt
//
// Traditional characters are left out: texts are simplified before. A second reading is kept for characters that are common in both.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/mozillazg/go-pinyin"
)

const twoReadings = "行重乐都长传弹朝单参便藏曾查石盛会解朴还和觉卡降强率落露绿没模屏铺奇色上少沈省食数宿提调度车尺冲大当得地恶发干给更供观号好合荷华划几系见将角教结尽劲据壳空累量笼论蒙哪难宁漂切曲任散舍什似属说思汤陶挑吐为吴鲜相校兴削血压叶应佣与扎占涨着折正只中种转仔钻作"

func main() {
	traditional := map[rune]bool{}
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(data)) {
		traditional[[]rune(line)[0]] = true
	}
	args := pinyin.NewArgs()
	args.Heteronym = true
	syllables := map[string][]rune{}
	for r := rune(0x4e00); r <= 0x9fff; r++ {
		if traditional[r] {
			continue
		}
		var readings []string
		for _, p := range pinyin.SinglePinyin(r, args) {
			p = strings.ReplaceAll(p, "ü", "v")
			if strings.Trim(p, "abcdefghijklmnopqrstuvwxyz") == "" && p != "" && !slices.Contains(readings, p) {
				readings = append(readings, p)
			}
		}
		if len(readings) > 2 {
			readings = readings[:2]
		}
		if len(readings) > 1 && !strings.ContainsRune(twoReadings, r) {
			readings = readings[:1]
		}
		for _, p := range readings {
			syllables[p] = append(syllables[p], r)
		}
	}
	var keys []string
	for k := range syllables {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Println(k, string(syllables[k]))
	}
}
