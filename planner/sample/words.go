package sample

import "strings"

// brands are the words that invented firms are called by: pinyin and characters. Sixty-nine name warehouse firms; the
// exporters of an industry take as many as they are.
var brands = strings.Fields(`
hongda 鸿达 jinyuan 津源 hengrun 恒润 jiacheng 嘉诚 ruifeng 瑞丰 tianhe 天合 huaxin 华信 dongsheng 东盛 haitong 海通
taihe 泰和 longxing 隆兴 jinqiao 金桥 yuanhang 远航 zhengyang 正阳 hongtu 宏图 yongchang 永昌 derun 德润 shengyuan 晟元
meicheng 美程 shengze 盛泽 anjie 安捷 boyuan 博远 runze 润泽 qihang 启航 xinji 新纪 baichuan 百川 yunfan 云帆 jincheng 锦程
zhongwo 中沃 borun 渤润 huize 汇泽 liheng 力恒 kangning 康宁 kaiyue 凯越 xinda 信达 tengyue 腾跃 zhongcheng 众诚 changqing 长青
juyuan 聚源 tongchuang 同创 wanbang 万邦 chengli 诚立 wode 沃德 gushang 沽上 haiyan 海晏 weijin 卫津 jiuhe 九河 jinwei 津卫
zhigu 直沽 sancha 三岔 chaobai 潮白 nanyun 南运 ziya 子牙 yongding 永定 jiyun 蓟运 duliu 独流 yangliu 杨柳 qinghe 青禾
baifan 白帆 mingyuan 明远 siyuan 思源 zhihe 致和 langrun 朗润 songyue 嵩岳 jiahe 佳禾 yufeng 裕丰 fulin 福临 hanhai 瀚海
xinghe 星河 lingyun 凌云 jinsui 金穗 yifei 逸飞 zhaohui 朝晖 jingming 景明`)

// shipWords are the second words of vessels' names, after their carrier's.
var shipWords = strings.Fields(`Dawn Pioneer Harmony Horizon Star Spirit Pearl Fortune Voyager Bright Wisdom Glory
Endeavour Lotus Jade Crane Breeze Summit Orchid Unity Prosperity Triumph Falcon Meridian`)

func brandCount() int { return len(brands) / 2 }

// brand returns a word in pinyin, in characters, and in pinyin with a capital.
func brand(i int) (id, zh, title string) {
	id, zh = brands[2*i], brands[2*i+1]
	return id, zh, strings.ToUpper(id[:1]) + id[1:]
}
