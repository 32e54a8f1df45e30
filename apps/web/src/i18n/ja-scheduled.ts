/** Japanese: the texts about messages that are sent later. */
export const jaScheduled = {
  'later.title': 'あとで送信',
  'later.text': 'メッセージ',
  'later.when': '日時',
  'later.hour': '1時間後',
  'later.evening': '今日の夜',
  'later.morning': '明日の朝',
  'later.custom': '日時を指定',
  'later.moment': '日付と時刻',
  'later.submit': '予約',
  'later.done': '送信予定: {when}',
  'later.here':
    'このデバイスが送信します。その時にPipitが開いている必要があり、閉じている場合は次に開いたときに送信されます。',
  'later.error.empty': '何か書いてください。',
  'later.error.none': '日付と時刻を選んでください。',
  'later.error.past': 'この時刻は過ぎています。',
  'later.error.far': '先すぎる日時です。',

  'scheduled.title': '予約メッセージ',
  'scheduled.text':
    'オンラインかどうかにかかわらず、時間になるとサーバーが送信します。自分だけが見られます。',
  'scheduled.here':
    '時間になるとこのデバイスが送信します。Pipitが閉じている場合は次に開いたときに送信します。ほかのデバイスにはありません。',
  'scheduled.none': '予約はありません。',
  'scheduled.waiting': '接続待ち',
  'scheduled.files': 'ファイルが届いてから送信します（時間を過ぎる場合もあります）',
  'scheduled.failed': '未送信: {why}',
  'scheduled.change': '変更',
  'scheduled.now': '今すぐ送信',
  'scheduled.cancel': '削除',
} as const;
