cat > diary.yaml <<'END'
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: diary
spec:
  accessModes: ["ReadWriteOnce"]
  storageClassName: ""
  resources:
    requests:
      storage: 10Mi
END
kubectl apply -f diary.yaml -f writer.yaml
