cat > ledger.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: ledger
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 2
  initContainers:
  - name: shipper
    image: podlab.dev/toolbox:v1
    restartPolicy: Always
    args: ["tail", "-F", "/log/ledger.txt"]
    volumeMounts:
    - name: log
      mountPath: /log
  containers:
  - name: work
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c"]
    args: ["mkdir -p /log; echo entry {{params.entry}} > /log/ledger.txt; sleep 3"]
    volumeMounts:
    - name: log
      mountPath: /log
  volumes:
  - name: log
    emptyDir: {}
END
kubectl apply -f ledger.yaml
kubectl wait --for=jsonpath='{.status.phase}'=Succeeded pod/ledger --timeout=60s
