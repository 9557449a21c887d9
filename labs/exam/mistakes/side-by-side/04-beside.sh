cat > ledger.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: ledger
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 2
  containers:
  - name: work
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args: ["mkdir -p /log; echo entry {{params.entry}} > /log/ledger.txt; sleep 3"]
    volumeMounts:
    - name: log
      mountPath: /log
  - name: shipper
    image: podlab.dev/toolbox:v1
    args: ["tail", "-F", "/log/ledger.txt"]
    volumeMounts:
    - name: log
      mountPath: /log
  volumes:
  - name: log
    emptyDir: {}
END
kubectl apply -f ledger.yaml
